"""As it is handed out: nothing is filled in, and the last line has an error in it."""


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    out, cache = None, None
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    dx, dgamma, dbeta = None, None, None
    return dx, dgamma
