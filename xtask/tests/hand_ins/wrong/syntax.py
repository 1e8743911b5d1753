"""Is no Python."""

def spatial_batchnorm_forward(x, gamma, beta, bn_param)
    return x, None
