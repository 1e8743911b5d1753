RIGHT

right_forward = spatial_batchnorm_forward


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Prints 300 kB in each call."""
    print("x" * 300000)
    return right_forward(x, gamma, beta, bn_param)
