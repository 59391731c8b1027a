"""What holds for every test that moto may answer."""

from tests.support.cheap_moto import make_moto_cheap

make_moto_cheap()
