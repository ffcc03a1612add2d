"""The report of a demo: result.json and strip.png."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core import frames
from maskdexgrasp_core.cli.console import console, run_header, write_json
from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.hands.freedom import FREEDOM
from maskdexgrasp_core.outcome import Stage
from maskdexgrasp_core.sim.world import World
from maskdexgrasp_core.types import Command, HandGrasp, ObjectObservation
from maskdexgrasp_core.viewer.grasp_picture import GraspPicture, object_color
from maskdexgrasp_core.viewer.strip import (
    StripPanel,
    colors_of_points,
    compose_strip,
    highlight_points,
)
from maskdexgrasp_core.viewer.studio import StudioCfg
from maskdexgrasp_core.viewer.world_view import lift_picture, pose_world
from maskdexgrasp_ros.cli.mirror import CellState
from maskdexgrasp_ros.client import CommandResult, Seen
from maskdexgrasp_ros.grasp_conversions import observation_from_msg

_PANEL = (960, 720)


@dataclass(frozen=True, kw_only=True)
class DemoCfg:
    """What a demo is asked to do."""

    text: str
    scene: str
    """Name of the scene; '' when only the meshes stand on the table."""
    object_files: tuple[Path, ...]
    seed: int
    generator: str
    weights: Path | None = None
    """Folder of the generator's weights; None: those that ship."""
    out: Path
    """Folder of the results."""
    view: bool = False
    """Whether the simulator opens a window."""
    spread: bool = False
    """Whether other machines may take part."""
    timeout_s: float = 180.0
    """The command is cancelled after this wall time [s]."""

    @property
    def command(self) -> Command:
        """What is sent."""
        return Command(command_id=f'demo-{self.seed}', text=self.text, seed=self.seed)


class DemoReport:
    """Collects what a demo shows and writes it.

    Args:
        cfg: What was asked.
        world: With the same objects as the graph; it is posed and drawn.
    """

    def __init__(self, cfg: DemoCfg, world: World) -> None:
        self.cfg = cfg
        self.ready_s = 0.0
        """Wall time until the graph was ready [s]."""
        self.camera_picture: NDArray[np.uint8] | None = None
        """(H, W, 3) RGB in which the object was found."""
        self._world = world
        self._observation: ObjectObservation | None = None

    def take(self, result: CommandResult, seen: Seen, state: CellState) -> None:
        """Take how the command ended, and what was seen on the way."""
        self.result = result
        self._state = state
        if seen.segmented is not None:
            self._observation = observation_from_msg(seen.segmented, Stage.PERCEIVE)

    @property
    def verdict(self) -> str:
        """How it ended, in a few words."""
        score = self.result.score
        height = f'{100 * score.lift_height_m:.0f} cm'
        if score.lifted:
            return f'held {height} up for {score.hold_s:.1f} s'
        if self.result.outcome.ok:
            return f'not held: {height} up, {score.hold_s:.1f} s above 10 cm'
        return self.result.outcome.code.name.lower().replace('_', ' ')

    def write(self, json_file: Path | None = None) -> None:
        """Write result.json and strip.png into the folder of the run."""
        content = self.content()
        write_json(self.cfg.out / 'result.json', content)
        if json_file is not None:
            write_json(json_file, content)
        try:
            strip = compose_strip(
                self._panels(), sentence=self.cfg.text, verdict=self.verdict,
                good=self.result.score.lifted,
            )  # fmt: skip
            strip.save(self.cfg.out / 'strip.png')
        except DriverError as error:
            console.print(f'[yellow]no strip.png[/] {error}')

    def content(self) -> dict[str, object]:
        """Return what result.json holds."""
        result, motion_s = self.result, self.result.first_motion_s
        return {
            'lifted': result.score.lifted,
            'lift_height_m': round(result.score.lift_height_m, 4),
            'hold_s': round(result.score.hold_s, 3),
            'lifted_object': result.lifted_object,
            'code': result.outcome.code.name,
            'code_number': int(result.outcome.code),
            'stage': result.outcome.stage.name.lower(),
            'reason': result.outcome.reason,
            'stages': {name: round(1e3 * s, 1) for name, s in result.stage_seconds.items()},
            'attempt': result.attempt,
            'grasp': None if result.grasp is None else _grasp_content(result.grasp),
            'text': self.cfg.text,
            'scene': self.cfg.scene,
            'object_files': [str(path) for path in self.cfg.object_files],
            'generator': self.cfg.generator,
            'weights': None if self.cfg.weights is None else str(self.cfg.weights),
            'first_motion_s': None if motion_s is None else round(motion_s, 3),
            'command_s': round(result.total_s, 3),
            'ready_s': round(self.ready_s, 3),
            **run_header(self.cfg.seed),
        }

    def _panels(self) -> list[StripPanel]:
        """Return the pictures that the run came far enough for."""
        panels, seen = [], self._observation
        if self.camera_picture is not None:
            height, width = self.camera_picture.shape[:2]
            note = f'RealSense D435 in simulation, {width} x {height}'
            panels.append(
                StripPanel(picture=self.camera_picture, title='What the camera sees', note=note)
            )
        if seen is not None and self.camera_picture is not None:
            panels.append(self._segment_panel(seen, self.camera_picture))
        if seen is not None and self.result.grasp is not None:
            panels.append(self._grasp_panel(seen, self.result.grasp))
        pose_world(self._world, self._state.joint_positions, self._state.object_poses)
        width, height = _PANEL
        panels.append(
            StripPanel(
                picture=lift_picture(
                    self._world, self.result.lifted_object, width=width, height=height
                ),
                title='The lift' if self.result.score.lifted else 'The end',
                note=self.verdict,
            )
        )
        return panels

    def _segment_panel(self, seen: ObjectObservation, picture: NDArray[np.uint8]) -> StripPanel:
        camera = self._world.cfg.camera
        named = f'{seen.label}, {seen.part}' if seen.part else seen.label
        return StripPanel(
            picture=highlight_points(
                picture, seen.cloud.points, camera.intrinsics, camera.T_base_camera
            ),
            title='What the sentence means',
            note=f'{named}: {len(seen.cloud.points)} visible points',
        )

    def _grasp_panel(self, seen: ObjectObservation, grasp: HandGrasp) -> StripPanel:
        width, height = _PANEL
        colors, camera = seen.cloud.colors, self._world.cfg.camera
        if colors is None and self.camera_picture is not None:
            colors = colors_of_points(
                self.camera_picture, seen.cloud.points, camera.intrinsics, camera.T_base_camera
            )
        picture = GraspPicture(
            shape=seen.shape,
            table_height=seen.table_height,
            color=object_color(colors),
            studio=StudioCfg(width=width, height=height),
            completed=True,
        )
        return StripPanel(
            picture=picture.draw(FREEDOM, grasp.T_base_grasp, grasp.grasp_positions),
            title='How it will be held',
            note='completed shape, six-motor hand',
        )


def _grasp_content(grasp: HandGrasp) -> dict[str, object]:
    return {
        'frame': frames.BASE,
        'root_link': FREEDOM.root_link,
        'T_base_approach': grasp.T_base_approach,
        'T_base_grasp': grasp.T_base_grasp,
        'motor_names': list(grasp.motor_names),
        'pregrasp_positions': grasp.pregrasp_positions,
        'grasp_positions': grasp.grasp_positions,
        'squeeze_positions': grasp.squeeze_positions,
        'residual_m': grasp.residual_m,
        'score': grasp.score,
        'scores': grasp.scores,
    }
