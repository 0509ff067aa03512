"""The look that every page shares: one stylesheet, one envelope. Gives paths; who serves pages reads them."""

from pathlib import Path
from typing import Final

STYLESHEET: Final = Path(__file__).parent / "leak.css"
TEMPLATES: Final = Path(__file__).parent / "templates"
