"""Importing this registers every block that comes with signlab."""

from signlab.models import auxiliary, fusions, heads, recurrent_encoders, stems, temporals

__all__ = ["auxiliary", "fusions", "heads", "recurrent_encoders", "stems", "temporals"]
