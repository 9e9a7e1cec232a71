"""The authors' shared folder, as far as it goes without fetching a file of weights."""

import pytest

from glacier_core.models.published_weights import list_weights

pytestmark = pytest.mark.live


def test_the_authors_folder_holds_weights_of_the_global_model():
    assert "glavitu_global" in {weights.name for weights in list_weights()}
