"""All checks of a corpus, in order."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from signlab.corpora.audit.copies import check_copies
from signlab.corpora.audit.findings import Finding
from signlab.corpora.audit.labels import check_labels
from signlab.corpora.audit.scan import scan
from signlab.corpora.audit.tracks import check_handedness, check_tracks
from signlab.corpora.store import Store

ORDER = ("error", "warning", "note")


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes:
        findings: Errors first.
        measures: A row an utterance, see ``scan``; None of a corpus without landmarks yet.
    """

    findings: tuple[Finding, ...]
    measures: pd.DataFrame | None

    @property
    def failed(self) -> bool:
        """Whether something must be mended before training."""
        return any(finding.severity == "error" for finding in self.findings)


def audit(store: Store, tick: Callable[[], None]) -> Audit:
    """Check a corpus.

    Args:
        store: The corpus; of one without landmarks yet, its table alone is checked.
        tick: Called after every utterance whose landmarks were read.
    """
    findings = list(check_labels(store))
    measures = None
    if not store.waiting:
        measures = scan(store, tick)
        findings += check_tracks(store, measures)
        findings += check_copies(store, measures)
        findings += check_handedness(store, measures)
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    return Audit(tuple(findings), measures)
