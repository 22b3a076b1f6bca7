"""`python -m jupyter_mesh.cli`."""

import sys

from . import main

sys.exit(main())
