from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.grasp_model import GraspModel, GraspRequest, Proposals, resampled
from maskdexgrasp_core.model.sampling import SamplingCfg
from maskdexgrasp_core.model.text.minilm import MiniLmEncoder
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import tokenizer_preset
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.model.transformer_cfg import transformer_preset
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.synthesis.diversity import choose_dissimilar, grasp_distances
from maskdexgrasp_core.synthesis.editing import KEPT_MOTION, GraspEditor, hands_of_grasp
from maskdexgrasp_core.synthesis.finishing import FinishingCfg, GraspFinisher
from maskdexgrasp_core.synthesis.learned_generator import (
    LearnedGenerator,
    LearnedGeneratorCfg,
    request_of,
)
from maskdexgrasp_core.synthesis.ranking import RankingCfg
from maskdexgrasp_core.synthesis.scene import make_scene
from maskdexgrasp_core.synthesis.synthesis_generator import (
    SynthesisGenerator,
    SynthesisGeneratorCfg,
)
from maskdexgrasp_core.types import Command, ObjectObservation, ObservedCloud

torch.set_num_threads(1)
TABLE = -0.1
LENIENT = LearnedGeneratorCfg(
    batch_size=8,
    max_batches=2,
    last_resort=False,
    finishing=FinishingCfg(num_steps=8),
)
ANYTHING_GOES = replace(
    LENIENT,
    finishing=FinishingCfg(
        num_steps=8,
        ranking=RankingCfg(
            max_penetration_m=0.1,
            max_contact_gap_m=0.1,
            max_self_penetration_m=0.1,
            min_table_gap_m=-0.1,
            min_force_closure=0.0,
        ),
    ),
)
"""An untrained network proposes; what counts is what stays where it was."""


@pytest.fixture(scope='module')
def model() -> GraspModel:
    torch.manual_seed(0)
    tokenizer = GraspTokenizer(tokenizer_preset('tiny'))
    transformer = MaskedGraspTransformer(transformer_preset('tiny'))
    return GraspModel(tokenizer, transformer, MiniLmEncoder())


@pytest.fixture(scope='module')
def bottle() -> ObjectObservation:
    shape = trimesh.creation.cylinder(radius=0.03, height=0.15)
    shape.apply_translation([0.5, 0.05, TABLE + 0.075])
    points = np.asarray(trimesh.sample.sample_surface(shape, 2000, seed=0)[0])
    return ObjectObservation(
        cloud=ObservedCloud(points=points, colors=None, camera_position=np.zeros(3)),
        shape=shape,
        label='bottle',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=TABLE,
        command=Command(command_id='test', text='hold the bottle'),
    )


@pytest.fixture(scope='module')
def good_grasps(bottle):
    generator = SynthesisGenerator(SynthesisGeneratorCfg(batch_size=32, max_batches=1))
    return generator.generate(bottle, num_grasps=6, seed=3).grasps


def _hands(grasps) -> HandBatch:
    return HandBatch(*map(torch.cat, zip(*map(hands_of_grasp, grasps), strict=True)))


def test_every_candidate_is_a_grasp_or_has_a_reason(model, bottle):
    generator = LearnedGenerator(LENIENT, model=model)
    assert isinstance(generator, GraspGenerator)
    made = generator.generate(bottle, num_grasps=1000, seed=1)
    assert len(made.grasps) + sum(made.dropped.values()) == 16
    again = generator.generate(bottle, num_grasps=1000, seed=1)
    assert made.dropped == again.dropped


def test_synthesis_is_the_last_resort_of_a_model_that_finds_nothing(model, bottle):
    cfg = replace(LENIENT, last_resort=True, last_resort_size=32)
    made = LearnedGenerator(cfg, model=model).generate(bottle, num_grasps=4, seed=1)
    assert made.grasps
    assert {grasp.generator for grasp in made.grasps} == {SynthesisGenerator.name}
    assert max(grasp.scores['force_closure'] for grasp in made.grasps) >= cfg.enough_force_closure
    scores = [grasp.score for grasp in made.grasps]
    assert scores == sorted(scores, reverse=True)


def test_as_many_last_batches_are_made_as_are_set(model, bottle):
    """So few candidates pass that neither two batches of four nor four bring twenty grasps."""
    made = [
        LearnedGenerator(
            replace(
                LENIENT,
                max_batches=3,
                last_resort=True,
                last_resort_size=4,
                last_resort_batches=batches,
                fill_up_after=1,
            ),
            model=model,
        ).generate(bottle, num_grasps=20, seed=1)
        for batches in (2, 4)
    ]
    own = LENIENT.batch_size
    two, four = (len(each.grasps) + sum(each.dropped.values()) - own for each in made)
    assert four == 2 * two > 0


RAW = replace(LENIENT, finishing=FinishingCfg(num_steps=0, ranking=RankingCfg(enabled=False)))
"""What the networks say, and nothing else."""


@pytest.mark.parametrize('name', ['enough_force_closure', 'enough_balance'])
def test_shares_above_one_are_refused(name):
    with pytest.raises(InvalidInputError, match=name):
        replace(LENIENT, **{name: 1.1})


@pytest.mark.parametrize(
    ('name', 'count'),
    [
        ('last_resort_size', 0),
        ('last_resort_batches', 0),
        ('enough_grasps', 0),
        ('fill_up_after', -1),
    ],
)
def test_counts_that_say_nothing_are_refused(name, count):
    with pytest.raises(InvalidInputError, match=name):
        replace(LENIENT, **{name: count})


def test_what_was_not_judged_needs_no_last_resort(model, bottle):
    made = LearnedGenerator(replace(RAW, last_resort=True), model=model).generate(
        bottle, num_grasps=4, seed=1
    )
    assert {grasp.generator for grasp in made.grasps} == {LearnedGenerator.name}


def test_without_refinement_and_ranking_the_decoded_hands_come_as_they_were_drawn(model, bottle):
    made = LearnedGenerator(RAW, model=model).generate(bottle, num_grasps=6, seed=1)
    encoded = model.encode(request_of(bottle))
    drawn = model.propose(encoded, 8, RAW.sampling, torch.Generator().manual_seed(1))
    assert made.dropped == {'more than asked for': 2}
    for row, grasp in enumerate(made.grasps):
        assert grasp.score == 0.0
        assert grasp.tokens == tuple(drawn.tokens[row].tolist())
        np.testing.assert_allclose(
            grasp.T_base_wrist[:3, 3], drawn.hands.translation[row], atol=1e-6
        )
        np.testing.assert_allclose(
            grasp.joint_positions, drawn.hands.joint_positions[row], atol=1e-6
        )


def test_a_batch_without_a_finite_number_gives_no_grasp(bottle, good_grasps):
    hands = _hands(good_grasps)
    lost = hands._replace(translation=hands.translation * torch.nan)
    dropped: Counter[str] = Counter()
    finisher = GraspFinisher(HandKinematics(SHADOW, torch.float32), RAW.finishing)
    tokens = torch.zeros(hands.num_hands, 6, dtype=torch.int64)
    found = finisher.finish(
        Proposals(lost, tokens), make_scene(bottle), bottle.part_points, dropped
    )
    assert found == []
    assert dropped == {'not finite': hands.num_hands}


def test_without_ranking_only_numbers_that_are_not_finite_are_dropped(bottle, good_grasps):
    hands = _hands(good_grasps)
    translation = hands.translation.clone()
    translation[1] = torch.nan
    tokens = torch.arange(hands.num_hands)[:, None].expand(-1, 6)
    dropped: Counter[str] = Counter()
    found = GraspFinisher(HandKinematics(SHADOW, torch.float32), RAW.finishing).finish(
        Proposals(hands._replace(translation=translation), tokens),
        make_scene(bottle),
        bottle.part_points,
        dropped,
    )
    rows = [row for row in range(hands.num_hands) if row != 1]
    assert [grasp.tokens[0] for grasp in found] == rows
    assert dropped == {'not finite': 1}
    for row, grasp in zip(rows, found, strict=True):
        np.testing.assert_allclose(grasp.T_base_wrist, good_grasps[row].T_base_wrist, atol=1e-5)
        assert len(grasp.contact_forces) == len(grasp.contact_points) > 0


def test_no_grasps_are_refused(model, bottle):
    with pytest.raises(InvalidInputError, match='must be positive'):
        LearnedGenerator(LENIENT, model=model).generate(bottle, num_grasps=0, seed=1)


def test_proposals_do_not_depend_on_where_the_object_stands(model, bottle):
    request = GraspRequest(points=bottle.cloud.points, table_height=TABLE, text='lift it')
    shift = np.array([0.2, -0.3, 0.4])
    moved = replace(request, points=request.points + shift, table_height=TABLE + shift[2])
    hands = []
    for asked in (request, moved):
        seed = torch.Generator().manual_seed(5)
        hands.append(model.propose(model.encode(asked), 4, SamplingCfg(), seed).hands)
    offset = hands[1].translation - hands[0].translation
    torch.testing.assert_close(offset, torch.tensor(shift).float().expand(4, 3), atol=1e-4, rtol=0)
    torch.testing.assert_close(hands[0].joint_positions, hands[1].joint_positions)


@pytest.mark.parametrize('there', [3, 40, 300, 5000])
def test_a_cloud_is_shown_with_as_many_points_as_in_training(there):
    cloud = np.random.default_rng(1).normal(size=(there, 3))
    shown = resampled(cloud, 300)
    assert shown.shape == (300, 3)
    different, counts = np.unique(shown, axis=0, return_counts=True)
    assert len(different) == min(there, 300)
    assert counts.max() - counts.min() <= 1
    assert (resampled(cloud, 300) == shown).all()


def test_an_object_of_few_points_gets_grasps_too(model, bottle):
    request = GraspRequest(points=bottle.cloud.points[:40], table_height=TABLE, text='lift it')
    proposals = model.propose(
        model.encode(request), 4, SamplingCfg(), torch.Generator().manual_seed(0)
    )
    assert all(value.isfinite().all() for value in proposals.hands)


def test_an_unknown_task_is_refused(model, bottle):
    request = GraspRequest(points=bottle.cloud.points, table_height=TABLE, text='', task='juggle')
    with pytest.raises(UnknownNameError, match='juggle'):
        model.encode(request)


def test_displaced_good_grasps_pass_again_after_refinement(bottle, good_grasps):
    hands = _hands(good_grasps)
    noise = torch.Generator().manual_seed(0)
    displaced = hands._replace(
        translation=hands.translation + 0.006 * torch.randn(hands.num_hands, 3, generator=noise)
    )
    tokens = torch.arange(hands.num_hands)[:, None].expand(-1, 6)
    kinematics = HandKinematics(SHADOW, torch.float32)
    found = {}
    for num_steps in (0, 30):
        finisher = GraspFinisher(kinematics, FinishingCfg(num_steps=num_steps))
        found[num_steps] = finisher.finish(
            Proposals(displaced, tokens), make_scene(bottle), bottle.part_points, Counter()
        )
    assert len(found[30]) > len(found[0])
    assert len(found[30]) >= 4
    for grasp in found[30]:
        row = grasp.tokens[0]
        assert grasp.tokens == (row,) * 6
        moved = np.linalg.norm(grasp.T_base_wrist[:3, 3] - displaced.translation[row].numpy())
        assert moved < 0.03


def test_editing_keeps_the_other_parts_and_their_tokens(model, bottle, good_grasps):
    editor = GraspEditor(ANYTHING_GOES, model=model)
    grasp = good_grasps[0]
    encoded = model.encode(
        GraspRequest(points=bottle.cloud.points, table_height=TABLE, text='hold the bottle')
    )
    before = Proposals(_hands([grasp] * 4), model.tokens_of(encoded, _hands([grasp] * 4)))
    after = model.edit(
        encoded, before, ['little'], SamplingCfg(), torch.Generator().manual_seed(0)
    )
    kept = [PARTS[part] != 'little' for part in model.tokenizer.token_parts]
    assert torch.equal(after.tokens[:, kept], before.tokens[:, kept])
    edited = editor.edit(bottle, grasp, ['little'], num_grasps=8, seed=2)
    assert edited.grasps, edited.dropped
    for new in edited.grasps:
        assert new.scores[KEPT_MOTION] < 0.005
        np.testing.assert_allclose(new.T_base_wrist, grasp.T_base_wrist, atol=1e-5)


def test_parts_that_do_not_exist_cannot_be_edited(model, bottle, good_grasps):
    editor = GraspEditor(LENIENT, model=model)
    for parts in (['tail'], []):
        with pytest.raises(InvalidInputError, match='parts to edit'):
            editor.edit(bottle, good_grasps[0], parts, num_grasps=1, seed=0)


def test_dissimilar_choice_trades_score_for_distance(good_grasps):
    best = choose_dissimilar(good_grasps, 3, 0.0)
    assert best == sorted(good_grasps, key=lambda grasp: -grasp.score)[:3]
    spread = choose_dissimilar(good_grasps, 3, 100.0)
    assert spread[0] is best[0]

    def nearest(chosen):
        return min(
            grasp_distances(grasp, [other for other in chosen if other is not grasp]).min()
            for grasp in chosen
        )

    assert nearest(spread) >= nearest(best)
