"""The eleven tasks of the paper (MaskDexGrasp, Sec. C.1)."""

TASKS: tuple[str, ...] = (
    'handle-grasp', 'press', 'lift', 'wrap-grasp', 'twist', 'support', 'pull', 'lever',
    'use', 'hold', 'lift-up',
)  # fmt: skip
"""Eight of AffordPose, then three of OakShape; '' means that the sentence decides."""
