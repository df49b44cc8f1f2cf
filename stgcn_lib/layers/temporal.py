"""Convolutions along time: what a joint takes from its own past and future."""

from torch import nn


class TemporalConv(nn.Module):
    """Convolution along time, for every joint by itself and with the same weights.

    With the kernel ``W`` of ``k = 2 r + 1`` frames, dilation ``d`` and stride ``s``::

        x'[v, t] = sum_{i = -r..r} W_i x[v, s t + i d] + b            centred
        x'[v, t] = sum_{i = -(k-1)..0} W_i x[v, s t + i d] + b        causal: no frame hears the future

    Frames before the first and after the last count as zeros, so that without a stride the length stays.

    Args:
        in_channels: C.
        out_channels: C'.
        kernel_size: frames in the kernel, k; odd if centred.
        stride: every how many frames there is an output.
        dilation: frames from one weight of the kernel to the next.
        causal: whether all of the kernel lies in the past.
        bias: whether to add a learned number to each output channel.

    Attributes:
        conv: convolution with a kernel of (k, 1).
        span: frames from the first to the last that an output hears, (k - 1) d + 1.
        stride: s.

    Raises:
        ValueError: a number is below one, or a centred kernel has no middle.

    Paper: Yan, Xiong and Lin, Spatial temporal graph convolutional networks for skeleton-based action recognition,
    AAAI 2018. Causal and dilated: Bai, Kolter and Koltun, An empirical evaluation of generic convolutional and recurrent
    networks for sequence modeling, 2018.
    """

    def __init__(self, in_channels, out_channels, kernel_size=9, stride=1, dilation=1, causal=False, bias=True):
        super().__init__()
        for name, value in (("kernel_size", kernel_size), ("stride", stride), ("dilation", dilation)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value!r}, expected a whole number, 1 or more")
        if not causal and kernel_size % 2 == 0:
            raise ValueError(f"kernel_size is {kernel_size}, expected an odd number of frames so that one is in the middle: "
                             f"take {kernel_size + 1}, or causal=True")
        self.span, self.stride = (kernel_size - 1) * dilation + 1, stride
        self.past = self.span - 1 if causal else 0
        padding = 0 if causal else (self.span - 1) // 2
        self.conv = nn.Conv2d(in_channels, out_channels, (kernel_size, 1), stride=(stride, 1), padding=(padding, 0),
                              dilation=(dilation, 1), bias=bias)

    def forward(self, x):
        """Convolve along time.

        Args:
            x: (N, C, T, V) tensor.

        Returns:
            (N, C', T', V) tensor with T' = T / stride, rounded up.

        Raises:
            ValueError: `x` is not (N, C, T, V) or has another number of channels.
        """
        if x.dim() != 4 or x.shape[1] != self.conv.in_channels:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V) with C = {self.conv.in_channels}: are the "
                             "axes in this order?")
        if self.past:
            x = nn.functional.pad(x, (0, 0, self.past, 0))  # (N, C, past + T, V)
        return self.conv(x)
