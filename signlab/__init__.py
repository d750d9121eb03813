"""signlab: which part of a continuous sign-language recogniser earns its place?"""

__version__ = "0.1.0"
