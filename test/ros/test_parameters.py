from dataclasses import dataclass, field

import pytest

from maskdexgrasp_core.errors import InvalidInputError

pytestmark = pytest.mark.ros


@dataclass(frozen=True, kw_only=True)
class CropCfg:
    low: tuple[float, float, float] = (0.2, -0.4, -0.2)
    """Lowest corner of the box [m]."""


@dataclass(frozen=True, kw_only=True)
class DemoCfg:
    voxel_m: float = field(
        default=0.005, metadata={'description': 'edge of a voxel [m]', 'range': (0.001, 0.05)}
    )
    num_points: int = field(default=2000, metadata={'range': (1, 5000)})
    """Points of a cloud."""
    folder: str = field(default='here', metadata={'read_only': True})
    """Where to look."""
    fixed: CropCfg = field(default_factory=CropCfg, metadata={'read_only': True})
    mode: str = field(default='fast', metadata={'choices': ('fast', 'exact')})
    """How hard to try."""
    crop: CropCfg = field(default_factory=CropCfg)

    def __post_init__(self) -> None:
        if self.mode == 'exact' and self.voxel_m > 0.01:
            raise InvalidInputError('mode exact needs voxel_m of at most 0.01')


@pytest.fixture
def make_node(ros_context):
    import rclpy

    nodes = []

    def make(*parameters):
        arguments = [a for p in parameters for a in ('-p', p)]
        nodes.append(
            rclpy.create_node('demo', cli_args=['--ros-args', *arguments] if arguments else None)
        )
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()


def set_one(node, name, value):
    from rclpy.parameter import Parameter

    return node.set_parameters([Parameter(name, value=value)])[0]


def declare(node, **options):
    from maskdexgrasp_ros.parameters import CfgParameters

    return CfgParameters(node, DemoCfg(), **options)


def test_every_field_is_declared_with_description_and_range(make_node):
    node = make_node()
    declare(node)
    voxel = node.describe_parameter('voxel_m')
    assert voxel.description == 'edge of a voxel [m]'
    assert (voxel.floating_point_range[0].from_value, voxel.floating_point_range[0].to_value) == (
        0.001,
        0.05,
    )
    assert node.describe_parameter('num_points').description == 'Points of a cloud.'
    assert node.describe_parameter('num_points').integer_range[0].to_value == 5000
    assert 'exact' in node.describe_parameter('mode').additional_constraints
    assert node.describe_parameter('crop.low').description == 'Lowest corner of the box [m].'


def test_overrides_reach_the_cfg(make_node):
    node = make_node('voxel_m:=0.01', 'crop.low:=[0.0, 1.0, 2.0]')
    parameters = declare(node)
    assert parameters.cfg == DemoCfg(voxel_m=0.01, crop=CropCfg(low=(0.0, 1.0, 2.0)))


def test_override_that_the_cfg_refuses_stops_the_node(make_node):
    with pytest.raises(InvalidInputError, match='mode exact needs'):
        declare(make_node('voxel_m:=0.04', 'mode:=exact'))


def test_change_at_run_time_gives_a_new_cfg(make_node):
    seen = []
    node = make_node()
    parameters = declare(node, on_change=seen.append)
    assert set_one(node, 'num_points', 100).successful
    assert parameters.cfg.num_points == 100
    assert seen == [parameters.cfg]


@pytest.mark.parametrize(
    ('name', 'value'),
    [('voxel_m', 1.0), ('num_points', 0), ('mode', 'slow'), ('num_points', 'many')],
)
def test_value_that_is_not_allowed_changes_nothing(make_node, name, value):
    node = make_node()
    parameters = declare(node)
    result = set_one(node, name, value)
    assert not result.successful
    assert result.reason
    assert parameters.cfg == DemoCfg()


@pytest.mark.parametrize(('name', 'value'), [('folder', 'there'), ('fixed.low', [1.0] * 3)])
def test_what_is_fixed_at_start_is_refused_later_with_a_reason(make_node, name, value):
    node = make_node('folder:=there')
    parameters = declare(node)
    assert parameters.cfg.folder == 'there'
    result = set_one(node, name, value)
    assert not result.successful
    assert 'read-only' in result.reason
    assert parameters.cfg == DemoCfg(folder='there')


def test_prefix_keeps_two_cfgs_of_one_node_apart(make_node):
    node = make_node()
    first, second = declare(node, prefix='first.'), declare(node, prefix='second.')
    assert set_one(node, 'second.num_points', 7).successful
    assert (first.cfg.num_points, second.cfg.num_points) == (2000, 7)


def test_type_that_ros_cannot_carry_is_named(make_node):
    from maskdexgrasp_ros.parameters import CfgParameters

    @dataclass(frozen=True, kw_only=True)
    class OptionalCfg:
        limit: float | None = 1.0

    with pytest.raises(InvalidInputError, match='limit'):
        CfgParameters(make_node(), OptionalCfg())
