"""Divides objects into seen and unseen ones: never a grasp, always a whole object."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from maskdexgrasp_core.dataset.manifest import SplitRule
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError

TRAIN, TEST_INSTANCES, TEST_CATEGORIES = 'train', 'test-instances', 'test-categories'
Row = dict[str, Any]


def apply_split(rows: Sequence[Row], rule: SplitRule) -> list[Row]:
    """Return rows of the objects table with `split` as the rule says.

    In every category that is not a test category the share of 'test-instances' is rounded, at
    least one where there are two objects or more. Which objects are taken depends on seed and id
    only: objects that come later do not reshuffle those that are there.

    Raises:
        UnknownNameError: If a test category has no object.
        InvalidInputError: If the share is not in 0..1, or nothing is left to train on.
    """
    if not 0.0 <= rule.test_share < 1.0:
        raise InvalidInputError(
            f'test share must be at least 0 and below 1, got {rule.test_share}'
        )
    by_category: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_category[row['category']].append(row['object_id'])
    for category in rule.test_categories:
        if category not in by_category:
            raise UnknownNameError('category', category, list(by_category))
    if rows and set(rule.test_categories) == set(by_category):
        raise InvalidInputError('every category is a test category: none is left to train on')
    unseen = {
        name
        for category, names in by_category.items()
        for name in _unseen_instances(names, rule)
        if category not in rule.test_categories
    }
    return [{**row, 'split': _split_of(row, rule, unseen)} for row in rows]


def _unseen_instances(names: list[str], rule: SplitRule) -> list[str]:
    if rule.test_share == 0 or len(names) < 2:
        return []
    number = min(max(1, round(rule.test_share * len(names))), len(names) - 1)
    return sorted(names, key=lambda name: _rank(name, rule.seed))[:number]


def _rank(name: str, seed: int) -> str:
    return hashlib.sha256(f'{seed}:{name}'.encode()).hexdigest()


def _split_of(row: Row, rule: SplitRule, unseen: set[str]) -> str:
    if row['category'] in rule.test_categories:
        return TEST_CATEGORIES
    return TEST_INSTANCES if row['object_id'] in unseen else TRAIN
