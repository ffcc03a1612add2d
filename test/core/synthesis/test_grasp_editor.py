"""What the editor returns, and where its networks come from; they were never trained."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
import trimesh

from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.grasp_model import GraspModel
from maskdexgrasp_core.model.part_points import PART_JOINTS
from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.synthesis.editing import EDITED_MOTION, KEPT_MOTION, GraspEditor
from maskdexgrasp_core.synthesis.finishing import FinishingCfg
from maskdexgrasp_core.synthesis.learned_generator import LearnedGenerator, LearnedGeneratorCfg
from maskdexgrasp_core.synthesis.ranking import RankingCfg
from maskdexgrasp_core.synthesis.synthesis_generator import SynthesisGenerator
from maskdexgrasp_core.types import Grasp, ObjectObservation, ObservedCloud

torch.set_num_threads(1)
CFG = LearnedGeneratorCfg(
    batch_size=8, finishing=FinishingCfg(num_steps=0, ranking=RankingCfg(enabled=False))
)
"""What the networks say passes."""
THUMB = list(PART_JOINTS['thumb'])


@pytest.fixture(scope='module')
def model(tiny_weights):
    """Return networks whose tokens matter: the last layers are zero before training."""
    model = GraspModel.load(tiny_weights)
    generator = torch.Generator().manual_seed(0)
    for weight in model.tokenizer.parameters():
        if weight.ndim == 2 and not weight.any():
            torch.nn.init.normal_(weight, std=0.3, generator=generator)
    return model


@pytest.fixture(scope='module')
def can():
    shape = trimesh.creation.cylinder(radius=0.03, height=0.1)
    shape.apply_translation([0.5, 0.0, -0.05])
    points = np.asarray(trimesh.sample.sample_surface(shape, 500, seed=0)[0])
    return ObjectObservation(
        cloud=ObservedCloud(points=points, colors=None, camera_position=np.zeros(3)),
        shape=shape,
        label='can',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=-0.1,
    )


@pytest.fixture(scope='module')
def grasp():
    T_base_wrist = np.diag([1.0, -1.0, -1.0, 1.0])
    T_base_wrist[:3, 3] = 0.5, 0.0, 0.15
    return Grasp(
        T_base_wrist=T_base_wrist,
        joint_names=SHADOW.joint_names,
        joint_positions=SHADOW.open_positions,
        contact_points=np.zeros((0, 3)),
        contact_forces=np.zeros((0, 3)),
        score=0.0,
    )


def test_edits_differ_where_they_were_asked_to_and_every_candidate_is_counted(model, can, grasp):
    editor = GraspEditor(CFG, model=model)
    made = editor.edit(can, grasp, ['thumb'], num_grasps=8, seed=1)
    assert len(made.grasps) + made.dropped.get('near-duplicate', 0) == 8
    assert len(made.grasps) > 2
    for one, other in combinations(made.grasps, 2):
        assert np.abs(one.joint_positions - other.joint_positions)[THUMB].max() > 0.01
    for new in made.grasps:
        assert new.scores[KEPT_MOTION] < 1e-4
        assert new.scores[EDITED_MOTION] > 0.001
    fewer = editor.edit(can, grasp, ['thumb'], num_grasps=1, seed=1)
    assert fewer.dropped['more than asked for'] == len(made.grasps) - 1
    np.testing.assert_array_equal(fewer.grasps[0].joint_positions, made.grasps[0].joint_positions)


def test_every_pass_of_an_edit_is_guided(model, can, grasp):
    """A pass with guidance is given each of the 8 grasps twice, for told and untold halves."""
    rows = []
    hook = model.transformer.register_forward_pre_hook(lambda _, inputs: rows.append(inputs[0]))
    sampling = replace(CFG.sampling, guidance_scale=1.0, guided_iterations=1)
    editor = GraspEditor(replace(CFG, sampling=sampling), model=model)
    editor.edit(can, grasp, ['index', 'middle', 'ring'], num_grasps=1, seed=1)
    hook.remove()
    assert len(rows) > 1
    assert {len(tokens) for tokens in rows[1:]} == {2 * CFG.batch_size}


def test_an_editor_shares_the_networks_of_a_learned_generator(model, can, grasp, tmp_path):
    generator = LearnedGenerator(CFG, model=model)
    editor = GraspEditor.beside(generator, tmp_path)  # where no weights are
    shared = editor.edit(can, grasp, ['thumb'], num_grasps=1, seed=1)
    own = GraspEditor(CFG, model=model).edit(can, grasp, ['thumb'], num_grasps=1, seed=1)
    np.testing.assert_array_equal(shared.grasps[0].joint_positions, own.grasps[0].joint_positions)


def test_beside_another_generator_weights_are_loaded_or_missed(tiny_weights, tmp_path):
    generator = SynthesisGenerator()
    assert isinstance(GraspEditor.beside(generator, tiny_weights), GraspEditor)
    with pytest.raises(StageError) as error:
        GraspEditor.beside(generator, tmp_path)
    assert error.value.outcome.code is Code.NO_WEIGHTS
    assert 'maskdexgrasp train tokenizer' in error.value.outcome.reason
