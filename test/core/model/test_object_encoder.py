import math

import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.object_encoder import ObjectEncoder, ObjectEncoderCfg
from maskdexgrasp_core.model.object_patches import find_patches, take_points

SMALL = ObjectEncoderCfg(
    num_patches=12, patch_size=8, point_widths=(16, 32), num_layers=1, num_heads=4
)
WHOLE = ObjectEncoderCfg(num_patches=0, point_widths=(16, 32))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def cloud(batch=2, num=300):
    return torch.rand(batch, num, 3, generator=seeded(1)) * torch.tensor([0.1, 0.06, 0.15])


def mug():
    """A body of 8 cm with 1950 points and a thin handle of 50, 3 cm away."""
    angle = torch.rand(1950, generator=seeded(2)) * 2 * math.pi
    height = torch.rand(1950, generator=seeded(3)) * 0.1
    body = torch.stack([0.04 * angle.cos(), 0.04 * angle.sin(), height], dim=-1)
    handle = torch.zeros(50, 3)
    handle[:, 0], handle[:, 2] = 0.07, torch.linspace(0.02, 0.08, 50)
    return torch.cat([body, handle])[None]


def test_a_patch_holds_the_points_nearest_to_its_centre():
    points = cloud()
    patches = find_patches(points, 10, 16)
    distances = torch.cdist(take_points(points, patches.centers), points)
    expected = distances.sort(dim=-1).values[..., :16]
    found = distances.gather(-1, patches.neighbors)
    assert torch.allclose(found, expected, atol=1e-6)
    assert torch.equal(patches.neighbors[..., 0], patches.centers)


def test_centres_spread_better_than_random_points():
    points = cloud()
    chosen = take_points(points, find_patches(points, 30, 4).centers)
    far = torch.cdist(points, chosen).amin(dim=-1).amax()
    assert far < 0.7 * torch.cdist(points, points[:, :30]).amin(dim=-1).amax()


def test_a_thin_handle_gets_patches_of_its_own():
    points = mug()
    patches = find_patches(points, 64, 16)
    on_handle = patches.centers >= 1950
    assert on_handle.sum() >= 3
    assert (patches.neighbors[on_handle] >= 1950).all()


def test_patches_hold_however_the_cloud_is_turned_and_shifted():
    points = cloud()
    turn = torch.tensor([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    turned = find_patches(points @ turn.T + torch.tensor([0.3, -0.2, 0.05]), 12, 8)
    patches = find_patches(points, 12, 8)
    assert torch.equal(turned.centers, patches.centers)
    assert torch.equal(turned.neighbors, patches.neighbors)


@pytest.mark.parametrize('cfg', [SMALL, WHOLE])
def test_the_order_of_points_does_not_matter(cfg):
    torch.manual_seed(0)
    encoder = ObjectEncoder(cfg, 16).eval()
    points = cloud()
    shuffled = points[:, torch.randperm(300, generator=seeded(4))]
    with torch.no_grad():
        tokens, other = encoder(points), encoder(shuffled)
    assert tokens.shape == (2, encoder.num_tokens, 16)
    assert torch.allclose(tokens, other, atol=1e-4)


def test_tokens_depend_on_the_shape_and_on_where_it_lies():
    torch.manual_seed(0)
    encoder = ObjectEncoder(SMALL, 16).eval()
    points = cloud(batch=1)
    with torch.no_grad():
        tokens = encoder(points)
        moved = encoder(points + torch.tensor([0.0, 0.0, 0.03]))
        thinner = encoder(points * torch.tensor([1.0, 0.2, 1.0]))
    assert (tokens - moved).abs().max() > 0.05
    assert (tokens - thinner).abs().max() > 0.05


def test_patches_found_before_give_the_same_tokens():
    torch.manual_seed(0)
    encoder = ObjectEncoder(SMALL, 16).eval()
    points = cloud()
    with torch.no_grad():
        assert torch.equal(encoder(points, encoder.find_patches(points)), encoder(points))


def test_few_and_repeated_points_give_finite_tokens_and_gradients():
    torch.manual_seed(0)
    encoder = ObjectEncoder(SMALL, 16)
    points = cloud(batch=2, num=5).repeat(1, 20, 1)
    tokens = encoder(points)
    tokens.square().sum().backward()
    assert tokens.isfinite().all()
    assert all(value.grad.isfinite().all() for value in encoder.parameters())


def test_too_few_points_are_refused():
    with pytest.raises(InvalidInputError, match='N >= 12'):
        find_patches(cloud(num=10), 12, 8)
