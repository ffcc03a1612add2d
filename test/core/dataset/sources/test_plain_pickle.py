import io
import os
import pickle
import pickletools
import struct

import numpy as np
import pytest
from scipy import sparse

from maskdexgrasp_core.dataset.sources.plain_pickle import load_plain_dict
from maskdexgrasp_core.errors import InvalidInputError

LIMIT = 10**6
PYTHON_2_ARRAY = (
    b'\x80\x02}U\x01acnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R'
    b'(K\x01K\x02\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R'
    b'(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x10'
    + struct.pack('<2d', 1.5, -2.0)
    + b'tbs.'
)
"""What Python 2 writes for {'a': numpy.array([1.5, -2.0])} with protocol 2."""


class Runs:
    """Asks the reader of a pickle to make a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_come_back_as_they_were_in_every_protocol(tmp_path, protocol):
    content = {
        'doubles': np.arange(6.0).reshape(2, 3),
        'by columns': np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        'big endian': np.arange(3, dtype='>i4'),
        'flags': np.array([True, False]),
        'number': np.float32(0.5),
        'nested': [(1, 'two', None), {'three': 3.0}],
    }
    path = tmp_path / 'data.pkl'
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    found = load_plain_dict(path, max_bytes=LIMIT)
    for name in ('doubles', 'by columns', 'big endian', 'flags'):
        np.testing.assert_array_equal(found[name], content[name])
    assert found['number'] == 0.5
    assert found['nested'] == content['nested']


def test_a_file_of_python_2_is_read(tmp_path):
    path = tmp_path / 'data.pkl'
    path.write_bytes(PYTHON_2_ARRAY)
    np.testing.assert_array_equal(load_plain_dict(path, max_bytes=LIMIT)['a'], [1.5, -2.0])


def test_sparse_matrices_come_as_dense_arrays(tmp_path):
    path = tmp_path / 'data.pkl'
    path.write_bytes(pickle.dumps({'m': sparse.csc_matrix(np.diag([1.0, 2.0]))}, protocol=2))
    np.testing.assert_array_equal(load_plain_dict(path, max_bytes=LIMIT)['m'], np.diag([1.0, 2]))


@pytest.mark.parametrize('protocol', [0, 2, 4])
def test_a_pickle_that_runs_code_is_refused_and_nothing_runs(tmp_path, protocol):
    made, path = tmp_path / 'made', tmp_path / 'bad.pkl'
    path.write_bytes(pickle.dumps({'pose': Runs(made)}, protocol=protocol))
    with pytest.raises(InvalidInputError, match=r'bad\.pkl is refused.*mkdir'):
        load_plain_dict(path, max_bytes=LIMIT)
    assert not made.exists()


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'cbuiltins\neval\n(V1+1\ntR.', 'builtins.eval'),
        (b'cnumpy\nload\n(Vx.npy\ntR.', 'numpy.load'),
        (b'c_codecs\nencode\n(Vx\nVrot13\ntR.', 'rot13'),
        (b'c_codecs\nencode\n}V__doc__\nVchanged\nsb.', 'changes a function'),
        (b'ccopyreg\n_reconstructor\n(cbuiltins\nset\nNNtR.', 'an object of set'),
        (b'Pelsewhere\n.', 'outside the file'),
        (b'cnumpy\ndtype\n(VO\ntR.', 'a bare Dtype'),
    ],
)
def test_names_that_are_not_data_are_refused(tmp_path, content, reason):
    pickletools.dis(content, out=io.StringIO())  # a valid pickle
    path = tmp_path / 'bad.pkl'
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=reason):
        load_plain_dict(path, max_bytes=LIMIT)


def test_arrays_of_objects_are_refused(tmp_path):
    path = tmp_path / 'bad.pkl'
    path.write_bytes(pickle.dumps({'pose': np.array([{}, []], dtype=object)}, protocol=2))
    with pytest.raises(InvalidInputError, match=r'plain numbers|only numbers'):
        load_plain_dict(path, max_bytes=LIMIT)


def test_sparse_matrices_that_point_outside_are_refused(tmp_path):
    matrix = sparse.csc_matrix(np.diag([1.0, 2.0]))
    matrix.indices[0] = 10**6
    path = tmp_path / 'bad.pkl'
    path.write_bytes(pickle.dumps({'m': matrix}, protocol=2))
    with pytest.raises(InvalidInputError, match='cannot be read'):
        load_plain_dict(path, max_bytes=LIMIT)


def test_broken_missing_large_and_odd_files_say_so(tmp_path):
    path = tmp_path / 'data.pkl'
    with pytest.raises(InvalidInputError, match='no file at'):
        load_plain_dict(path, max_bytes=LIMIT)
    path.write_bytes(pickle.dumps({'a': 1})[:-4])
    with pytest.raises(InvalidInputError, match='cannot be read as a pickle'):
        load_plain_dict(path, max_bytes=LIMIT)
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InvalidInputError, match='does not hold a dictionary'):
        load_plain_dict(path, max_bytes=LIMIT)
    path.write_bytes(pickle.dumps({'a': b'0' * 100}))
    with pytest.raises(InvalidInputError, match='at most 50'):
        load_plain_dict(path, max_bytes=50)
