"""The experiments of the book on traffic, by name."""

from dataclasses import dataclass, field, replace

NETWORKS = ("sandwich", "skeleton", "skeleton, time averaged")
WORKDAYS = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Forecaster:
    """One way to forecast: a model, what it is given, and how it is trained."""

    model: str = "sandwich"  # another of `NETWORKS`, or without a network "last value", "daily table", "linear"
    features: tuple = ("value", "table", "table ahead")
    graph: str = "road"  # "none": every sensor by itself; "shuffled": the weights of the roads, between other sensors
    adaptive: int = 0  # numbers in each sensor's embedding, for a graph that is learned; 0: none
    channels: tuple = ((32, 32, 32), (32, 32, 32))
    weekdays: tuple = tuple(range(7))  # training windows and the table are of these days, Monday 0
    epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    dropout: float = 0.1
    linear: dict = field(default_factory=dict)  # further arguments of `baselines.linear`
    beyond_linear: bool = False  # whether the network is trained on what that linear forecast leaves, and is added to it


@dataclass(frozen=True)
class Forecasting:
    """A question about one series that is answered by forecasting it in several ways."""

    what: str
    data: str
    split: str  # in words
    variants: dict  # name -> Forecaster
    windows: tuple = (12, 12)  # rows that are seen, rows that are forecast
    scored_on: str = "test"  # "workdays" while something is still to be chosen: each of those before the test is held out once
    looks: bool = False  # whether the test is scored after every epoch, to see what choosing the best look would be worth
    checkpoint: str = ""  # the variant whose network of seed 0 is kept


BEFORE = {
    "last value": Forecaster("last value"),
    "daily table": Forecaster("daily table"),
    "daily table of workdays": Forecaster("daily table", weekdays=WORKDAYS),
    "linear": Forecaster("linear"),
    "linear, two hops": Forecaster("linear", linear={"hops": 2}),
    "linear, two hops, time of day": Forecaster("linear", linear={"hops": 2, "harmonics": 4}),
    "linear, two hops, daily table": Forecaster("linear", linear={"hops": 2, "table": "daily"}),
    "linear, two hops, table of other workdays": Forecaster(
        "linear", weekdays=WORKDAYS, linear={"hops": 2, "table": "others"}),
    "linear, two hops, smooth table of other workdays": Forecaster(
        "linear", weekdays=WORKDAYS, linear={"hops": 2, "table": "others", "smooth": 6}),
}
OURS = Forecaster(weekdays=WORKDAYS)
BEYOND = replace(BEFORE["linear, two hops, smooth table of other workdays"], model="sandwich", beyond_linear=True, epochs=6,
                 dropout=0.2, channels=((16, 16, 16), (16, 16, 16)))
SPEEDS = replace(OURS, features=("value",))
LESSON = replace(OURS, model="skeleton")
HERE = ("A week of Los Angeles: five days and a half train; windows of 12 and 12 steps wholly inside the Tuesday afternoon and the "
        "Wednesday after them test.")
FORECASTS = {
    "los_loop": Forecasting(
        "An hour of speeds at 207 sensors of Los Angeles, from the hour before: networks beside what needs none.", "los_loop",
        HERE,
        BEFORE | {"sandwich beyond linear": BEYOND, "sandwich": OURS, "sandwich, speeds alone": SPEEDS, "skeleton blocks": LESSON,
                  "skeleton blocks, time averaged": replace(LESSON, model="skeleton, time averaged")}, checkpoint="sandwich"),
    "los_loop_graphs": Forecasting(
        "What the graph is worth to the same network.", "los_loop", HERE,
        {"road graph": OURS, "no graph": replace(OURS, graph="none"), "shuffled road graph": replace(OURS, graph="shuffled"),
         "learned graph": replace(OURS, graph="none", adaptive=10), "road graph and learned graph": replace(OURS, adaptive=10)}),
    "los_loop_choice": Forecasting(
        "What was tried before the test was looked at: each of the four workdays before it was held out once.", "los_loop", HERE,
        {name: setup for name, setup in BEFORE.items() if "table of" in name} | {
         "sandwich beyond linear": BEYOND, "beyond linear, twice as wide": replace(BEYOND, channels=OURS.channels),
         "sandwich": OURS, "half as wide": replace(OURS, channels=BEYOND.channels), "24 epochs": replace(OURS, epochs=24),
         "dropout 0.3": replace(OURS, dropout=0.3), "trained on all days": replace(OURS, weekdays=tuple(range(7))),
         "speeds alone": SPEEDS},
        scored_on="workdays"),
    "los_loop_looks": Forecasting(
        "What it is worth to look at the test after every epoch and to report the best look.", "los_loop", HERE,
        {"sandwich, 60 epochs": replace(OURS, epochs=60)}, looks=True),
}
# The published benchmarks, in the published protocols. Their speeds are downloaded on request.
PUBLISHED = {"last value": Forecaster("last value"), "linear, two hops": Forecaster("linear", linear={"hops": 2}),
             "sandwich": Forecaster(features=("value", "time of day"), epochs=40)}
FORECASTS |= {
    "pemsd7m": Forecasting(
        "PeMSD7(M), 228 stations, in the protocol of Yu et al. (2018).", "pemsd7m",
        "34, 5 and 5 working days train, validate and test; windows do not cross midnight", PUBLISHED, (12, 9),
        checkpoint="sandwich"),
    "metr_la": Forecasting(
        "METR-LA, 207 sensors, in the protocol of Li et al. (2018).", "metr_la",
        "the first 70 % of the windows train, 10 % validate, 20 % test; zeros are missing", PUBLISHED, checkpoint="sandwich"),
    "pems_bay": Forecasting(
        "PEMS-BAY, 325 sensors, in the protocol of Li et al. (2018).", "pems_bay",
        "the first 70 % of the windows train, 10 % validate, 20 % test; zeros are missing", PUBLISHED, checkpoint="sandwich"),
}
