"""Settings of perception; the ROS node declares its parameters from the metadata."""

from dataclasses import dataclass, field, fields

from maskdexgrasp_core.errors import InvalidInputError


def _setting(default: float, description: str, low: float, high: float) -> float:
    value: float = field(
        default=default, metadata={'description': description, 'range': (low, high)}
    )
    return value


def _count(default: int, description: str, low: int, high: int) -> int:
    value: int = field(
        default=default, metadata={'description': description, 'range': (low, high)}
    )
    return value


@dataclass(frozen=True, kw_only=True)
class PerceptionCfg:
    """All numbers of perception. Lengths in metres, base frame; ranges are in the metadata."""

    crop_min_x_m: float = _setting(0.25, 'lowest x of the crop box [m]', -2.0, 2.0)
    crop_max_x_m: float = _setting(0.80, 'highest x of the crop box [m]', -2.0, 2.0)
    crop_min_y_m: float = _setting(-0.40, 'lowest y of the crop box [m]', -2.0, 2.0)
    crop_max_y_m: float = _setting(0.40, 'highest y of the crop box [m]', -2.0, 2.0)
    crop_below_table_m: float = _setting(0.03, 'crop box starts this far below the table', 0, 0.2)
    crop_above_table_m: float = _setting(0.34, 'crop box ends this far above the table', 0.05, 2.0)
    """Below the fingertips of the arm at home, which would be taken for an obstacle."""
    table_height_m: float = _setting(-0.10, 'expected z of the table top [m]', -1.0, 1.0)
    """Where the plane is looked for, and the answer when the cloud shows no table."""
    table_search_m: float = _setting(0.02, 'table may be this far from its expected z', 0.002, 0.1)
    plane_distance_m: float = _setting(0.004, 'points this close belong to the table', 1e-3, 0.02)
    """Raised by itself to 3 standard deviations of the table's noise, at most 8 mm."""
    plane_max_tilt_rad: float = _setting(0.06, 'largest tilt of the table plane [rad]', 0.0, 0.5)
    flying_jump_m: float = _setting(0.008, 'a neighbour pixel this close is support', 1e-3, 0.1)
    cluster_distance_m: float = _setting(0.008, 'points this close belong together', 2e-3, 0.1)
    fragment_distance_m: float = _setting(0.025, 'a fragment joins an object this near', 0.0, 0.1)
    """Edges and self-occlusion cut an object in pieces; small ones go to the nearest object."""
    fragment_points: int = _count(150, 'clusters with fewer points may be fragments', 1, 10_000)
    min_points: int = _count(50, 'fewest points of an object', 4, 100_000)
    min_height_m: float = _setting(0.007, 'lowest object above the table', 1e-3, 0.1)
    max_extent_m: float = _setting(0.50, 'longest side of an object', 0.05, 2.0)
    outlier_neighbors: int = _count(12, 'neighbours of the outlier test', 2, 100)
    outlier_sigma: float = _setting(2.5, 'outlier limit in standard deviations', 0.5, 10.0)
    max_points: int = _count(2_000_000, 'larger clouds are refused', 1000, 20_000_000)
    num_points: int = _count(2000, 'points of the observation', 50, 100_000)
    completion_points: int = _count(5000, 'most points given to shape completion', 100, 100_000)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            low, high = item.metadata['range']
            if not low <= value <= high:
                raise InvalidInputError(f'{item.name} is {value}, must lie in {low}..{high}')
        if self.crop_min_x_m >= self.crop_max_x_m or self.crop_min_y_m >= self.crop_max_y_m:
            raise InvalidInputError('the crop box is empty: min must be smaller than max')

    @property
    def crop_low(self) -> tuple[float, float, float]:
        """Lowest corner of the crop box [m]."""
        z = self.table_height_m - self.crop_below_table_m
        return (self.crop_min_x_m, self.crop_min_y_m, z)

    @property
    def crop_high(self) -> tuple[float, float, float]:
        """Highest corner of the crop box [m]."""
        z = self.table_height_m + self.crop_above_table_m
        return (self.crop_max_x_m, self.crop_max_y_m, z)
