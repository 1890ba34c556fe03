"""From a museum's catalogue to a data set in which origin and rights of every picture are known.

`reverie archive import | fetch | prepare | report`. Nothing here needs torch.
"""

import logging

# What Pillow thinks of a damaged file is in its record; without this it would be on the terminal, too.
logging.getLogger("PIL").addHandler(logging.NullHandler())
