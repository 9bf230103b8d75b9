import pytest

from tests import paying

installation = pytest.fixture(scope="package")(paying.installation)
shop = pytest.fixture(paying.shop)
