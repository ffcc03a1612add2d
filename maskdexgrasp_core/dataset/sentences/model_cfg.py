"""Settings of the vision-language writer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from maskdexgrasp_core.errors import InvalidInputError

ENVIRONMENT: dict[str, str] = {
    'base_url': 'MASKDEXGRASP_VLM_BASE_URL',
    'model': 'MASKDEXGRASP_VLM_MODEL',
    'api_key': 'MASKDEXGRASP_VLM_API_KEY',
}
"""Setting -> variable of the environment that gives it."""


@dataclass(frozen=True, kw_only=True)
class ModelCfg:
    """Which server is asked, how patiently, and what happens when it fails.

    Raises:
        InvalidInputError: If a value cannot be used.
    """

    base_url: str
    """Of an OpenAI-compatible server, such as 'http://localhost:8000/v1'."""
    model: str
    """As the server calls it, such as 'Qwen/Qwen2.5-VL-7B-Instruct'."""
    api_key: str = field(default='', repr=False)
    """'' for a server that asks for none. It is sent to `base_url` and written nowhere."""
    stream: bool = False
    """Take the answer piece by piece; some servers offer nothing else."""
    timeout_s: float = 60.0
    """The longest silence of the server [s]."""
    max_attempts: int = 5
    """Requests for one grasp before it counts as failed."""
    first_wait_s: float = 1.0
    """Mean wait before the second attempt [s]; it doubles from attempt to attempt."""
    longest_wait_s: float = 120.0
    """Longest wait [s]. A server that asks for more is not asked again for that grasp."""
    max_parallel: int = 4
    """Requests at the same time."""
    max_failed_in_a_row: int = 20
    """Grasps; so many failures without a success between them end the run."""
    temperature: float = 0.7
    max_tokens: int = 600
    """Of one answer."""
    price_per_million_input: float | None = None
    """What a million tokens of pictures and instructions cost; None: the cost is not reported."""
    price_per_million_output: float | None = None
    """What a million tokens of answers cost."""
    fall_back: bool = True
    """Whether the offline grammar writes what the model did not; else it is reported missing."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ('http', 'https') or not parts.hostname:
            raise InvalidInputError(
                'base_url must be an address such as http://localhost:8000/v1; set '
                f'{ENVIRONMENT["base_url"]}'
            )
        if parts.username or parts.password or parts.query:
            raise InvalidInputError(
                'base_url must not hold a secret or a query; give the key as api_key or in '
                f'{ENVIRONMENT["api_key"]}'
            )
        if not self.model:
            raise InvalidInputError(f'no model is named; set {ENVIRONMENT["model"]}')
        for name in ('timeout_s', 'max_attempts', 'max_parallel', 'max_failed_in_a_row'):
            if not getattr(self, name) > 0:
                raise InvalidInputError(f'{name} is {getattr(self, name)}, must be > 0')
        if not 0 <= self.first_wait_s <= self.longest_wait_s:
            raise InvalidInputError(
                f'first_wait_s is {self.first_wait_s}, must lie in 0..{self.longest_wait_s}'
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **given: object) -> 'ModelCfg':
        """Return settings with what is not given taken from the variables of `ENVIRONMENT`.

        Args:
            environment: Such as `os.environ`.
            given: Fields of this class; None counts as not given.

        Raises:
            InvalidInputError: If the server or the model is given nowhere.
        """
        settings: dict[str, object] = {
            name: environment.get(variable, '') for name, variable in ENVIRONMENT.items()
        }
        settings |= {name: value for name, value in given.items() if value is not None}
        return cls(**settings)  # type: ignore[arg-type]

    def redacted(self, text: str) -> str:
        """Return a text of the server without the key, should the server repeat it."""
        return text.replace(self.api_key, '***') if self.api_key else text
