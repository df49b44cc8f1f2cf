"""The recorded sets that can be downloaded: what each one is, on which terms, and how large the archive of its repository is."""

from typing import NamedTuple


class Source(NamedTuple):
    """What a reader wants to know before a download, and the downloader too."""

    what: str
    licence: str  # a word or two, for a table
    terms: str  # a sentence, said before a download
    archive: tuple | None = None  # bytes (gzip-compressed, unpacked) up to the set's last file; None: several repositories


_NONE_STATED = "the repository that holds the files states none; research use, cite "
_LGPL = "none stated for the speeds, which lie in a repository of code under LGPL 2.1; "

# The sizes were measured on a clone of each repository at the commit of the manifest, packed as `git archive` packs it. Those of
# MSR-Action3D, UTKinect, SPL and CMU contain up to ten files of unknown size, and are estimates.
SOURCES = {
    "animated_drawings_bvh": Source("four clips as BVH files", "MIT", "MIT License, Meta Platforms."),
    "cmu_expmap": Source(
        "30 motion captures of five sports", "free use",
        "free for research and commercial projects, with this acknowledgement: The data used in this project was obtained from "
        "mocap.cs.cmu.edu. The database was created with funding from NSF EIA-0196217.", (30_000_000, 80_000_000)),
    "los_loop": Source("one week of speeds on 207 roads", "MIT", "MIT License of the T-GCN and DCRNN repositories."),
    "metr_la": Source("four months of speeds on 207 roads", "not stated", _LGPL + "those of the roads under MIT. Cite "
                      "Li et al. (2018)."),
    "msr_action3d": Source("567 Kinect clips, 20 actions", "none stated", _NONE_STATED + "Li, Zhang & Liu (2010).",
                           (17_000_000, 35_000_000)),
    "pems_bay": Source("six months of speeds on 325 roads", "not stated", _LGPL + "those of the roads under MIT; data of "
                       "Caltrans PeMS. Cite Li et al. (2018)."),
    "pemsd7m": Source("road distances of 228 stations", "BSD-2", "BSD 2-Clause License of the authors; data of Caltrans PeMS."),
    "pemsd7m_speeds": Source("their speeds on 44 weekdays", "BSD-2", "BSD 2-Clause License of the authors; data of Caltrans PeMS."),
    "shrec17": Source("2,800 hand gestures", "none stated", _NONE_STATED + "De Smedt et al. (2017).", (48_100_000, 122_600_000)),
    "spl_freethrow": Source("125 free throws of one player", "CC BY-NC-SA",
                            "CC BY-NC-SA 4.0, and not for staff of professional sports organisations or financial analysts.",
                            (17_000_000, 140_000_000)),
    "ui_prmd": Source("2,000 repetitions of ten exercises", "public domain",
                      "public domain (ODC PDDL 1.0), cite Vakanski et al. (2018).", (234_000_000, 242_000_000)),
    "utkinect": Source("199 Kinect segments, 10 actions", "none stated", _NONE_STATED + "Xia, Chen & Aggarwal (2012).",
                       (20_000_000, 40_000_000)),
}
