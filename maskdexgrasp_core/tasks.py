"""The eleven tasks of the paper (MaskDexGrasp, Sec. C.1)."""

TASKS: tuple[str, ...] = (
    'handle-grasp', 'press', 'lift', 'wrap-grasp', 'twist', 'support', 'pull', 'lever',
    'use', 'hold', 'lift-up',
)  # fmt: skip
"""Eight of AffordPose, then three of OakShape; '' means that the sentence decides."""

TASK_PARTS: dict[str, str] = {
    'handle-grasp': 'handle',
    'pull': 'handle',
    'use': 'handle',
    'twist': 'lid',
    'wrap-grasp': 'body',
}
"""Task -> part that serves it, where the sentence names no part; a part that the object does not
have leaves the whole object to be grasped."""
