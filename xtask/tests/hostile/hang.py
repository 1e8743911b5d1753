"""Never returns."""


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    while True:
        pass


def spatial_batchnorm_backward(dout, cache):
    raise ValueError
