"""Codes as shapes: where they put the hand, and how they fit what is seen."""

from dataclasses import replace

import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.transforms import transform_points
from maskdexgrasp_core.model.conditions import ConditionDrops, Conditions
from maskdexgrasp_core.model.part_points import PartPoints, place_points, points_and_normals
from maskdexgrasp_core.model.sampling import SamplingCfg
from maskdexgrasp_core.model.surface_field import surface_field
from maskdexgrasp_core.model.surface_fit import SurfaceFit, SurfaceFitCfg
from maskdexgrasp_core.model.token_layout import TokenLayout
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import tokenizer_preset
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.model.transformer_cfg import transformer_preset

CFG = SurfaceFitCfg(points_per_part=6, resolution=16, hidden=8)
WIDTH, CODES = 16, 64
MASK = CODES
PALM, FINGERS = 2, 5
LAYOUT = TokenLayout((0, 0, 1, 2, 3, 4, 5), CODES, palm_first=True)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def tokenizer(make_hands):
    """Its decoders are not trained, but say something else for every code."""
    torch.manual_seed(0)
    network = GraspTokenizer(tokenizer_preset('tiny'))
    network(make_hands(600))  # the first batch places the codes
    for name, parameter in network.named_parameters():
        if '_decoder' in name:
            torch.nn.init.normal_(parameter, std=0.2)
    return network.eval()


@pytest.fixture
def fit(tokenizer):
    torch.manual_seed(0)
    module = SurfaceFit(CFG, LAYOUT, WIDTH)
    module.set(tokenizer.code_shapes(CFG.points_per_part))
    for layer in module.score:
        torch.nn.init.normal_(layer.weight)
    return module


def cloud():
    return torch.rand(1, 400, 3, generator=seeded(3)) / 8


def tokens(rows=4):
    return torch.randint(CODES, (rows, PALM + FINGERS), generator=seeded(1))


def test_codes_lie_where_the_decoded_hand_is(tokenizer):
    drawn = tokens()
    hands = tokenizer.decode(drawn)
    shapes = tokenizer.code_shapes(6)
    pose = shapes.palm_motions[0, drawn[:, 0]] @ shapes.palm_motions[1, drawn[:, 1]]
    torch.testing.assert_close(pose[:, :3, 3], hands.translation, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(pose[:, :3, :3], hands.rotation, atol=1e-5, rtol=1e-4)
    in_root, _ = points_and_normals(hands.joint_positions, 6)
    truth = place_points(in_root, hands.translation, hands.rotation)
    for finger in range(FINGERS - 1):  # a joint of the palm moves the little finger
        of_codes = shapes.finger_points[finger, drawn[:, PALM + finger]]
        placed = transform_points(pose, of_codes)
        torch.testing.assert_close(placed, truth[:, 1 + finger], atol=1e-5, rtol=1e-4)


def test_normals_have_unit_length_and_point_outwards(tokenizer):
    shapes = tokenizer.code_shapes(40)
    assert (shapes.finger_normals.norm(dim=-1) - 1.0).abs().max() < 1e-5
    points, normals = shapes.palm_points[:40], shapes.palm_normals[:40]
    outward = ((points - points.mean(dim=0)) * normals).sum(dim=-1)
    assert (outward > 0.0).float().mean() > 0.75


def test_only_a_chained_layout_has_shapes():
    with pytest.raises(InvalidInputError, match='layout chained'):
        GraspTokenizer(tokenizer_preset('parts')).code_shapes(4)


def test_shapes_of_another_size_are_refused(fit, tokenizer):
    with pytest.raises(InvalidInputError, match='finger_points of codes'):
        fit.set(tokenizer.code_shapes(3))


def test_codes_are_compared_for_the_next_token_of_the_palm_and_then_for_masked_fingers(fit):
    known = tokens(rows=4)
    known[0] = MASK
    known[1, 1:] = MASK
    known[2, PALM + 3] = MASK  # row 3: nothing is asked
    hidden = torch.randn(4, PALM + FINGERS, WIDTH, generator=seeded(2))
    logits = fit.logits(known, hidden, surface_field(cloud(), CFG.resolution))
    is_said = logits.abs().amax(dim=-1) > 0.0
    expected = torch.zeros_like(is_said)
    expected[0, 0] = expected[1, 1] = expected[2, PALM + 3] = True
    assert torch.equal(is_said, expected)
    assert logits[2, PALM + 3].std() > 0.0


def test_what_is_around_is_told_of_known_parts_only(fit):
    known = tokens(rows=3)
    known[0, 1:] = MASK
    known[1, 0] = MASK  # fingers whose palm is not known are nowhere
    shown = fit.embed(known, surface_field(cloud(), CFG.resolution))
    is_shown = shown.abs().amax(dim=-1) > 0.0
    assert is_shown[0].tolist() == [True] + [False] * (PALM + FINGERS - 1)
    assert not is_shown[1].any()
    assert is_shown[2].all()


def test_a_row_alone_gives_what_it_gives_in_a_batch(fit):
    known = tokens(rows=4)
    known[:2, PALM:] = MASK
    hidden = torch.randn(4, PALM + FINGERS, WIDTH, generator=seeded(2))
    field = surface_field(torch.cat([cloud(), cloud() * 1.3]), CFG.resolution)
    whole = fit.logits(known, hidden, field), fit.embed(known, field)
    for row in range(4):
        own = surface_field(cloud() * (1.0 if row < 2 else 1.3), CFG.resolution)
        alone = known[row : row + 1], hidden[row : row + 1]
        torch.testing.assert_close(fit.logits(*alone, own)[0], whole[0][row])
        torch.testing.assert_close(fit.embed(alone[0], own)[0], whole[1][row])


def test_objects_that_are_left_out_say_nothing(fit):
    known = tokens(rows=2)
    known[:, PALM:] = MASK
    hidden = torch.randn(2, PALM + FINGERS, WIDTH, generator=seeded(2))
    field = surface_field(torch.cat([cloud(), cloud()]), CFG.resolution)
    field = field.hidden(torch.tensor([False, True]))
    for said in (fit.logits(known, hidden, field), fit.embed(known, field)):
        assert said[0].abs().max() > 0.0
        assert said[1].abs().max() == 0.0


def test_a_finger_learns_to_keep_away_from_the_surface(tokenizer):
    """From examples whose index finger is farthest away, on clouds never seen again."""
    torch.manual_seed(0)
    fit = SurfaceFit(replace(CFG, hidden=16), LAYOUT, WIDTH)
    fit.set(tokenizer.code_shapes(CFG.points_per_part))
    shapes = tokenizer.code_shapes(CFG.points_per_part)
    optimizer = torch.optim.Adam(fit.parameters(), lr=1e-2)
    hidden = torch.zeros(16, PALM + FINGERS, WIDTH)

    def batch(seed):
        known = torch.randint(CODES, (16, PALM + FINGERS), generator=seeded(seed))
        known[:, PALM:] = MASK
        pose = shapes.palm_motions[0, known[:, 0]] @ shapes.palm_motions[1, known[:, 1]]
        tips = transform_points(pose, shapes.finger_points[1].flatten(0, 1))
        picked = torch.randint(len(tips[0]), (16,), generator=seeded(seed + 1000))
        seen = tips[torch.arange(16), picked][:, None] + 0.01 * torch.randn(
            16, 200, 3, generator=seeded(seed)
        )
        gaps = torch.cdist(tips, seen).amin(dim=2).unflatten(1, (CODES, -1)).amin(dim=2)
        return known, surface_field(seen, CFG.resolution), gaps.argmax(dim=1)

    def loss(seed):
        known, field, best = batch(seed)
        logits = fit.logits(known, hidden, field)[:, PALM + 1]
        return torch.nn.functional.cross_entropy(logits, best)

    with torch.no_grad():
        before = torch.stack([loss(seed) for seed in range(900, 908)]).mean()
    for seed in range(60):
        optimizer.zero_grad()
        loss(seed).backward()
        optimizer.step()
    with torch.no_grad():
        after = torch.stack([loss(seed) for seed in range(900, 908)]).mean()
    assert after < before - 0.5


def test_the_transformer_sees_its_object_by_it_and_forgets_it_when_told(tokenizer):
    torch.manual_seed(0)
    net = MaskedGraspTransformer(transformer_preset('tiny')).eval()
    net.describe_codes(tokenizer)
    for layer in net.fit.score:
        torch.nn.init.normal_(layer.weight)
    asked = Conditions(torch.tensor([0]), torch.randn(1, 384), cloud())
    encoded = net.encode_conditions(asked)
    no, yes = torch.zeros(1).bool(), torch.ones(1).bool()
    without = net.conditions.drop(encoded, ConditionDrops(no, no, yes))
    known = net.masked_tokens(1)
    with torch.no_grad():
        told = net(known, encoded) - net(known, encoded._replace(field=None))
        untold = net(known, without) - net(known, without._replace(field=None))
    assert told[0, 0].std() > 0.1
    assert untold.abs().max() == 0.0


def test_codes_that_reach_into_the_table_are_less_likely(tokenizer):
    torch.manual_seed(0)
    net = MaskedGraspTransformer(transformer_preset('tiny')).eval()
    net.describe_codes(tokenizer)
    asked = Conditions(torch.tensor([0]), torch.randn(1, 384), cloud())
    encoded = net.encode_conditions(asked).repeat(64)

    def lowest(penalty):
        cfg = SamplingCfg(num_iterations=4, guidance_scale=1.0, table_penalty=penalty)
        drawn = net.sample(encoded, net.masked_tokens(64), cfg, seeded())
        return PartPoints(12)(tokenizer.decode(drawn))[..., 2].amin(dim=(1, 2))

    free, penalised = lowest(0.0), lowest(1000.0)
    assert (penalised > -0.01).float().mean() > (free > -0.01).float().mean() + 0.2


def test_the_penalty_is_for_the_depth_of_the_decoded_hand(fit, tokenizer):
    known = tokens(rows=6)
    known[:, PALM + 1] = MASK
    hidden = torch.zeros(6, PALM + FINGERS, WIDTH)
    field = surface_field(cloud().expand(6, -1, -1), CFG.resolution)
    with torch.no_grad():
        lost = fit.logits(known, hidden, field) - fit.logits(known, hidden, field, 10.0)
    for code in (0, 17):
        hands = tokenizer.decode(known.masked_fill(known == MASK, code))
        points, _ = points_and_normals(hands.joint_positions, CFG.points_per_part)
        placed = place_points(points, hands.translation, hands.rotation)[:, 2, :, 2]
        truth = 10.0 * (-placed.amin(dim=1)).clamp(min=0.0)
        torch.testing.assert_close(lost[:, PALM + 1, code], truth, atol=1e-4, rtol=1e-3)
