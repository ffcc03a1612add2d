"""What is written about the suite agrees with the suite."""

import importlib.util
import re
from pathlib import Path

import pytest

from maskdexgrasp_core.objects import CATEGORIES
from maskdexgrasp_core.objects.scenes import scene_names, set_names

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / 'docs'
PAGES = [ROOT / 'README.md', ROOT / 'ARCHITECTURE.md', *sorted(DOCS.glob('*.md'))]


@pytest.fixture
def generator(ros_context):
    spec = importlib.util.spec_from_file_location('docs_generate', DOCS / 'generate.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('name', ['errors.md', 'parameters.md'])
def test_generated_pages_are_current(generator, name):
    written = (DOCS / name).read_text()
    assert written == generator.PAGES[name](), 'run python docs/generate.py'


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r'\]\(([^)#]+)[^)]*\)', page.read_text()):
        if '://' not in target:
            assert (page.parent / target).exists(), f'{page.name} links to {target}'


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page):
    pattern = (
        r'`((?:maskdexgrasp_core|maskdexgrasp_ros|config|urdf|docs|msg|launch|test|benchmarks)'
        r'/[\w./]+)`'
    )
    for name in re.findall(pattern, page.read_text()):
        assert (ROOT / name).exists(), f'{page.name} names {name}'


def test_names_of_scenes_sets_and_families_are_listed():
    text = (DOCS / 'adding_an_object.md').read_text()
    for name in (*scene_names(), *set_names(), *CATEGORIES):
        assert f'`{name}`' in text, name
