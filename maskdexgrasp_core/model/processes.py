"""What networks do together with the other processes that train them."""

import torch
from torch import Tensor, distributed, nn

from maskdexgrasp_core.errors import InvalidInputError


def in_several_processes() -> bool:
    """Return whether this process trains together with others."""
    return (
        distributed.is_available()
        and distributed.is_initialized()
        and distributed.get_world_size() > 1
    )


class SharedBatchNorm(nn.BatchNorm1d):
    """Batch norm over what all processes of a training see together.

    The same as `nn.BatchNorm1d` in one process. `nn.SyncBatchNorm` does it on GPUs alone.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the rows (N, C) with mean 0 and variance 1 over all N of all processes.

        Raises:
            InvalidInputError: In several processes, if the input is not two-dimensional, or they
                have less than two rows together.
        """
        if not (self.training and in_several_processes()):
            return super().forward(input)
        if input.ndim != 2:
            raise InvalidInputError(f'input: got {tuple(input.shape)}, expected (N, C)')
        values = input.float()
        count = _total(values.new_tensor(float(len(values))))
        if count < 2:
            raise InvalidInputError(f'a batch norm needs two rows, all processes have {count:.0f}')
        mean = _total(values.sum(dim=0)) / count
        centred = values - mean
        variance = _total(centred.square().sum(dim=0)) / count
        self._follow(mean.detach(), (variance * count / (count - 1.0)).detach())
        normal = centred * (variance + self.eps).rsqrt()
        if self.affine:
            normal = normal * self.weight + self.bias
        return normal.to(input.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        self.num_batches_tracked.add_(1)


class _Total(torch.autograd.Function):
    """Sum over all processes. Each of them uses it, so its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: object, values: Tensor) -> Tensor:
        return _reduced(values)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return _reduced(gradients[0])


def _total(values: Tensor) -> Tensor:
    total: Tensor = _Total.apply(values)
    return total


def _reduced(values: Tensor) -> Tensor:
    total = values.clone()
    distributed.all_reduce(total)
    return total
