"""How sure a map is: entropy confidence, its calibration, and how reliable it proved."""
