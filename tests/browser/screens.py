"""The windows in which the page is looked at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Screen:
    """A window.

    Attributes:
        name: What it is called.
        width: Its width, in CSS pixels.
        height: Its height.
        dark: Whether the person's system asks for dark colours.
        touch: Whether it is touched.
    """

    name: str
    width: int
    height: int
    dark: bool = False
    touch: bool = False


LAPTOP = Screen("laptop-light", 1280, 800)
SCREENS = (
    LAPTOP,
    Screen("laptop-dark", 1280, 800, dark=True),
    Screen("phone-light", 390, 844, touch=True),
    Screen("phone-dark", 390, 844, dark=True, touch=True),
)
