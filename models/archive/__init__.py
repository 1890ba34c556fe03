"""From a museum's catalogue to a data set in which origin and rights of every picture are known.

`reverie archive import | fetch | prepare | report`. Nothing here needs torch.
"""
