"""The partition explorer: its numbers are Python's, and everything can be done by keyboard alone."""

import itertools
import re
from math import sqrt  # noqa: F401  (fractions shown on the page are evaluated)

import numpy as np
import pytest
import torch

from stgcn_lib.graphs import LAYOUTS, SkeletonGraph, skeleton
from stgcn_lib.viz import partition_explorer

from . import site

FIGURE = "figure.gim-partition"
STRATEGIES = ("uniform", "distance", "spatial")
OPTIONS = [dict(strategy=strategy, max_hop=max_hop, dilation=dilation, normalization=normalization, reference=reference)
           for strategy, max_hop, dilation, normalization, reference in itertools.product(
               STRATEGIES, range(4), (1, 2), ("row", "symmetric", None), (False, True))]
# for each case either [K, the numbers] or the text of the error
ALL_CASES = """([V, edges, center, cases]) => {
    const hop = gim.partition.hopDistance(V, edges);
    return cases.map(options => {
        try { const A = gim.partition.partition(hop, center, options); return [A.length, A.flat(2)]; }
        catch (error) { return error.message; }
    });
}"""


def random_graphs(count=64):
    """Seeded connected graphs of up to 14 joints, and the shapes that random ones seldom take."""
    rng = np.random.default_rng(5)
    path = lambda n: [(i, i + 1) for i in range(n - 1)]  # noqa: E731
    yield SkeletonGraph.from_edges([], ["alone"], 0)
    for n in (2, 5, 9):
        yield SkeletonGraph.from_edges(path(n), center=n // 3)
        yield SkeletonGraph.from_edges([(0, i) for i in range(1, n)], center=0)
        yield SkeletonGraph.from_edges([(0, i) for i in range(1, n)], center=n - 1)
    for n in (3, 4, 7, 8):
        yield SkeletonGraph.from_edges([*path(n), (n - 1, 0)], center=1)
    yield SkeletonGraph.from_edges(list(itertools.combinations(range(6), 2)), center=2)
    for _ in range(count):
        n = int(rng.integers(2, 15))
        label = rng.permutation(n)
        bones = {(int(rng.integers(max(0, i - 3), i)), i) for i in range(1, n)}
        bones |= {tuple(sorted(map(int, rng.choice(n, 2, replace=False)))) for _ in range(rng.integers(0, 4))}
        yield SkeletonGraph.from_edges([(int(label[a]), int(label[b])) for a, b in sorted(bones)],
                                       [f"joint {i}" for i in range(n)], int(rng.integers(n)))


def compare(page, graph, cases):
    answers = page.evaluate(ALL_CASES, [graph.num_joints, [list(edge) for edge in graph.edges], graph.center, cases])
    for options, answer in zip(cases, answers, strict=True):
        try:
            wanted = graph.partition(**options)
        except ValueError as error:
            assert answer == str(error), options
            continue
        assert not isinstance(answer, str), (graph, options, answer)
        found = np.reshape(answer[1], (answer[0], graph.num_joints, graph.num_joints))
        assert found.shape == tuple(wanted.shape), (graph, options)
        assert np.allclose(found, wanted.numpy(), rtol=0, atol=1e-6), (graph, options)


@pytest.fixture(scope="module")
def bare(running, tmp_path_factory):
    """One page with the explorer, for the tests that only compute."""
    file = tmp_path_factory.mktemp("explorer") / "page.html"
    partition_explorer().save(file)
    with site.Visit(running, file.as_uri()) as visit:
        yield visit.page
        assert visit.complaints == [] and visit.outside == []


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_page_partitions_layouts_as_python_does(bare, name):
    compare(bare, skeleton(name), OPTIONS)


def test_the_page_partitions_any_graph_as_python_does(bare):
    graphs = list(random_graphs())
    assert len(graphs) > 60
    for graph in graphs:
        compare(bare, graph, OPTIONS)
        assert bare.evaluate("([V, edges]) => gim.partition.hopDistance(V, edges)",
                             [graph.num_joints, [list(edge) for edge in graph.edges]]) == graph.hop_distance().tolist()


def test_the_page_refuses_what_python_refuses(bare):
    plain = dict(strategy="spatial", max_hop=1, dilation=1, normalization="row", reference=False)
    wrong = [{"max_hop": -1}, {"max_hop": 1.5}, {"dilation": 0}, {"dilation": -2}, {"normalization": "column"},
             {"strategy": "best"}, {"normalization": "symmetric", "reference": True}, {"normalization": None, "reference": True},
             {"strategy": "best", "dilation": 0}, {"max_hop": 0, "dilation": 3}]
    cases = [plain | case for case in wrong]
    compare(bare, skeleton("openpose-18"), cases)
    for case in cases[:-1]:
        with pytest.raises(ValueError, match="expected"):
            skeleton("openpose-18").partition(**case)


@pytest.mark.parametrize(("text", "center", "pairs"), [
    ("0-1 1-2 2-3", "1", [(0, 1), (1, 2), (2, 3)]), ("(0, 1), (1, 2)", " 2 ", [(0, 1), (1, 2)]),
    ("[[0,1],[1,2]]", "0", [(0, 1), (1, 2)]), ("0-1, 1-2; 2-0", "0", [(0, 1), (1, 2), (2, 0)]),
    ("0 - 1  1 \u2013 2\n3-2", "0", [(0, 1), (1, 2), (3, 2)]),
])
def test_typed_edges_are_read_as_from_edges_reads_them(bare, text, center, pairs):
    graph = SkeletonGraph.from_edges(pairs, center=int(center))
    assert bare.evaluate("([text, center]) => gim.partition.readEdges(text, center)", [text, center]) == {
        "V": graph.num_joints, "edges": [list(edge) for edge in graph.edges], "center": graph.center}


@pytest.mark.parametrize(("text", "center", "pairs", "says"), [
    ("0-1 1-1", "0", [(0, 1), (1, 1)], "1-1 joins joint 1 to itself"),
    ("0-1 1-2 1-0", "0", [(0, 1), (1, 2), (1, 0)], "1-0 is the bone 0-1 again"),
    ("1-2 2-3", "1", [(1, 2), (2, 3)], "subtract 1 from all numbers"),
    ("0-1 2-3", "0", [(0, 1), (2, 3)], "No path leads from the centre 0 to joints 2 and 3"),
    ("0-1 1-2", "7", [(0, 1), (1, 2)], "The centre is joint 7, but the bones name the joints 0 to 2 only"),
    ("0-1", "wrist", [(0, 1)], "write the number of one joint, 0 to 1"), ("0-1", "", [(0, 1)], "write the number of one joint"),
    ("0-1 1--2", "0", [(0, 1), (1, -2)], "below 0"), ("-1-0", "0", [(-1, 0)], "below 0"), ("(0, -1)", "0", [(0, -1)], "below 0"),
    ("0-1 banana", "0", [(0, 1), "banana"], "\u201cbanana\u201d is not a bone"), ("0-1-2", "0", [(0, 1, 2)], "is not a bone"),
    ("0-1 2", "0", [(0, 1), 2], "is not a bone"), ("", "0", [], "No bone is here yet"), ("0-99", "0", [(0, 99)], "up to 60 joints"),
])
def test_edges_that_from_edges_refuses_are_refused_with_a_sentence(bare, text, center, pairs, says):
    with pytest.raises(ValueError):
        SkeletonGraph.from_edges(pairs, center=int(center) if center.isdigit() else center or None)
    answer = bare.evaluate("""([text, center]) => {
        try { gim.partition.readEdges(text, center); } catch (error) { return error.message; }
    }""", [text, center])
    assert says in answer


def test_own_places_are_distinct_and_on_the_sheet(bare):
    for graph in random_graphs(20):
        places = np.array(bare.evaluate("([V, edges, center]) => gim.partition.hang(V, edges, center)",
                                        [graph.num_joints, [list(edge) for edge in graph.edges], graph.center]))
        assert np.isfinite(places).all() and (np.ptp(places, axis=0) <= 1.01).all()
        apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.eye(len(places))
        assert apart.min() > 0.02


# ---- what is on the page ----------------------------------------------------------------------------------------------------

def opened(running, tmp_path, *, hash="", width=1280, dark=False, reduced_motion=False, **arguments):
    partition_explorer(**arguments).save(tmp_path / "page.html")
    return site.Visit(running, (tmp_path / "page.html").as_uri() + hash, width=width, dark=dark, reduced_motion=reduced_motion)


def shown_tensor(figure):
    """The tensor that the page shows, from the labels of its cells: 'right wrist from right elbow: 1/2'."""
    cells = figure.locator(".cell").evaluate_all(
        "cells => cells.map(c => [+c.closest('.panel').dataset.k, +c.dataset.v, +c.dataset.u, c.getAttribute('aria-label')])")
    K = figure.locator(".chip").count()
    A = torch.zeros(K, 99, 99)
    for k, v, u, label in cells:
        A[k, v, u] = eval(re.sub(r"\u221a(\d+)", r"sqrt(\1)", re.search(r": ([\d/\u221a]+)", label)[1]))
    return A


def python_tensor(figure):
    """The tensor that the copied lines make."""
    room = {}
    exec(figure.locator(".python").text_content(), room)
    return room["A"]


def assert_page_and_python_agree(figure):
    shown, made = shown_tensor(figure), python_tensor(figure)
    K, V, _ = made.shape
    assert len(shown) == K
    torch.testing.assert_close(shown[:, :V, :V], made, rtol=0, atol=1e-6)
    assert shown.count_nonzero() == made.count_nonzero()


@pytest.mark.parametrize(("name", "released", "true", "wrong"), [
    ("openpose-18", (25, 9), (17, 17), 8), ("ntu-25", (40, 8), (24, 24), 16)])
def test_the_misplaced_edges_can_be_counted(running, tmp_path, name, released, true, wrong):
    with opened(running, tmp_path, layout=name, whole=True) as visit:
        figure = visit.page.locator(FIGURE)
        tally = lambda: tuple(int(text) for text in figure.locator(".chip .n").all_inner_texts())  # noqa: E731
        V = skeleton(name).num_joints
        assert tally() == (V, *true)
        assert figure.locator(".arrow").count() == sum(true) and figure.locator(".arrow.wrong").count() == 0
        figure.get_by_role("button", name="as released").click()
        assert tally() == (V, *released)
        text = figure.inner_text()
        for words in (f"{wrong} misplaced", f"{released[0]} against {released[1]}", f"{true[0]} and {true[1]}"):
            assert words in text
        assert figure.locator(".arrow").count() == sum(released) and figure.locator(".arrow.wrong .cross").count() == wrong
        assert figure.locator(".cell .cross").count() == wrong == figure.locator(".wrongs button").count()
        # a subset alone: its arrows carry numbers, so that they can be counted one by one
        for k, count in enumerate(released, 1):
            figure.locator(".chip").nth(k).click()
            numbers = figure.locator(".arrow .count text").all_text_contents()
            assert sorted(map(int, numbers)) == list(range(1, count + 1))
            figure.locator(".chip").nth(k).click()
        # pointing at one of them says why
        figure.locator(".wrongs button").first.click()
        assert "Misplaced" in figure.locator(".says").inner_text() and figure.locator(".arrow.strong.wrong").count() == 1
        assert visit.complaints == [] and visit.outside == []


def test_a_joint_a_cell_and_a_subset_answer_each_other(running, tmp_path):
    with opened(running, tmp_path) as visit:
        figure = visit.page.locator(FIGURE)
        figure.locator(".joint").nth(4).click()  # the right wrist
        assert figure.get_attribute("data-joint") == "4"
        terms = figure.locator(".term").all_inner_texts()
        assert terms == ["A[0, right wrist, right wrist] = 1/2 = 0.5", "A[1, right wrist, right elbow] = 1/2 = 0.5", "nobody"]
        assert "1/2 + 1/2 + 0 = 1" in figure.locator(".sum").inner_text()
        assert figure.locator(".arrow").count() == 1 and figure.locator(".joint.sender").count() == 2
        figure.locator(".cell[data-v='3'][data-u='2']").click()
        assert (figure.get_attribute("data-joint"), figure.get_attribute("data-sender")) == ("3", "2")
        assert figure.locator(".arrow.strong").count() == 1
        assert "1 hop against 2: nearer the centre" in figure.locator(".says").inner_text()
        figure.locator(".arrow[data-v='3'][data-u='4'] .shaft").click()
        assert figure.get_attribute("data-sender") == "4"
        assert visit.complaints == []


@pytest.mark.parametrize("arguments", [
    {}, {"layout": "ntu-25", "reference": True, "max_hop": 2},
    {"layout": "hand-22", "strategy": "distance", "max_hop": 3, "dilation": 2},
    {"layout": "coco-17", "strategy": "uniform", "normalization": "symmetric"},
    {"layout": "kinect-20", "normalization": None, "max_hop": 0},
    {"layout": SkeletonGraph.from_edges([(0, 1), (1, 2), (2, 0), (2, 3)], center=3)},
], ids=str)
def test_what_is_shown_and_what_is_copied_are_one_tensor(running, tmp_path, arguments):
    with opened(running, tmp_path, **arguments) as visit:
        figure = visit.page.locator(FIGURE)
        figure.get_by_role("button", name="Copy as Python").click()
        assert figure.locator(".python").is_visible()
        figure.locator(".copied:not(:empty)").wait_for()
        assert_page_and_python_agree(figure)
        assert visit.complaints == []


def test_own_edges(running, tmp_path):
    with opened(running, tmp_path) as visit:
        figure = visit.page.locator(FIGURE)
        figure.locator("select").first.select_option("own edges")
        edges, center, complaint = figure.locator("input.edges"), figure.locator("input.center"), figure.locator(".complaint")
        edges.fill("0-1 1-2 2-3 3-4 4-0")
        center.fill("0")
        assert figure.locator(".joint").count() == 5 and not complaint.inner_text()
        assert figure.locator(".chip .n").count() == 3
        figure.locator(".joint").nth(2).click()
        assert figure.locator(".chip .n").all_inner_texts() == ["2", "1", "0"]  # in an odd cycle two joints are equally far
        assert_page_and_python_agree(figure)
        for text, says in (("0-1 1-1", "to itself"), ("0-1 0-1", "again"), ("0-1 2-3", "No path"), ("1-2", "subtract 1"),
                           ("0-1 x", "not a bone"), ("", "No bone")):
            edges.fill(text)
            edges.press("Enter")
            assert says in complaint.inner_text() and edges.get_attribute("aria-invalid") == "true"
            assert figure.locator(".joint").count() == 5  # the last graph stays
        edges.fill("0-1")
        center.fill("5")
        center.press("Enter")
        assert "only" in complaint.inner_text()
        center.fill("1")
        assert not complaint.inner_text() and figure.locator(".joint").count() == 2
        assert visit.complaints == []


def test_a_skeleton_of_your_own_keeps_its_names_and_places_until_it_is_changed(running, tmp_path):
    stick = SkeletonGraph.from_edges([(0, 1), (2, 1)], ["hip", "chest", "hand"], "hip")
    with opened(running, tmp_path, layout=stick, positions=[[0, 0], [0, 4], [2, 4]], joint="chest") as visit:
        figure = visit.page.locator(FIGURE)
        hip, chest, hand = (figure.locator(".joint").nth(v).bounding_box() for v in range(3))
        assert hip["y"] > chest["y"] + 50 and hand["x"] > chest["x"] + 50 and abs(hand["y"] - chest["y"]) < 2
        assert "chest" in figure.locator(".says").inner_text()
        figure.locator("input.edges").fill("0-1 1-2 2-3")
        assert figure.locator(".joint").count() == 4 and "joint 1" in figure.locator(".says").inner_text()
        assert visit.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 760, 1280])
def test_by_keyboard_alone(running, tmp_path, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    with opened(running, tmp_path, width=width, dark=dark) as visit:
        page, figure = visit.page, visit.page.locator(FIGURE)
        press = page.keyboard.press

        def tab_to(selector, back=False):
            for _ in range(80):
                if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                    return
                press("Shift+Tab" if back else "Tab")
            raise AssertionError(f"the Tab key does not reach {selector}")

        tab_to(".joint")
        assert figure.get_attribute("data-joint") == "3"  # right elbow
        press("ArrowLeft")  # on the screen the wrist lies farther out
        assert figure.get_attribute("data-joint") == "4"
        press("ArrowUp")
        press("ArrowUp")
        assert figure.get_attribute("data-joint") == "2"
        press("Home")
        assert figure.get_attribute("data-joint") == "1"
        press("PageDown")
        assert figure.get_attribute("data-joint") == "2"
        tab_to(".cell")
        press("ArrowDown")
        press("ArrowRight")
        assert figure.get_attribute("data-sender") != ""
        tab_to(".toolbar .field > button", back=True)  # as released
        press("Enter")
        assert python_tensor(figure).equal(skeleton("openpose-18").partition(reference=True))
        tab_to(".toolbar select", back=True)
        press("n")  # the layout whose name begins so
        press("Enter")
        page.wait_for_timeout(50)
        assert figure.locator(".joint").count() == 25
        tab_to(".gim-group[aria-label=Show] button:nth-child(2)")
        press("Space")
        assert figure.locator(".chip .n").all_inner_texts() == ["25", "40", "8"]
        tab_to(".chip")
        press("Tab")
        press("Enter")
        assert figure.locator(".chip").nth(1).get_attribute("aria-pressed") == "true"
        assert page.evaluate("document.activeElement.matches('.chip')")
        tab_to(".wrongs button")
        press("Enter")
        assert figure.locator(".arrow.strong").count() == 1 and page.evaluate("document.activeElement.matches('.wrongs button')")
        tab_to(".gim-tools button")
        press("Enter")
        assert figure.locator(".python").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert [f"{rule['id']}: {node['html'][:160]}" for rule in Axe().run(page).response["violations"] for node in rule["nodes"]
                if rule["id"] not in ("landmark-one-main", "page-has-heading-one", "region")] == []  # those ask for a whole page
        assert visit.complaints == [] and visit.outside == []


def test_every_joint_can_be_reached_by_arrows_alone(running, tmp_path):
    with opened(running, tmp_path) as visit:
        figure = visit.page.locator(FIGURE)
        for name in LAYOUTS:
            figure.locator("select").first.select_option(name)
            reached = set(visit.page.evaluate("""() => {
                const figure = document.querySelector("figure.gim-partition"), joints = [...figure.querySelectorAll(".joint")];
                const seen = new Set([0]), queue = [0];
                for (const v of queue) for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]) {
                    joints[v].dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
                    const next = +figure.dataset.joint;
                    if (!seen.has(next)) { seen.add(next); queue.push(next); }
                }
                return [...seen];
            }"""))
            assert reached == set(range(skeleton(name).num_joints)), name
        assert visit.complaints == []


# ---- the address ------------------------------------------------------------------------------------------------------------

def test_the_state_lives_in_the_address(running, tmp_path):
    with opened(running, tmp_path, address=True) as visit:
        page, figure = visit.page, visit.page.locator(FIGURE)
        figure.locator("select").first.select_option("ntu-25")
        figure.get_by_role("button", name="distance").click()
        figure.get_by_role("button", name="3", exact=True).click()
        figure.locator("select").nth(1).select_option("2")
        figure.locator("select").nth(2).select_option("symmetric")
        figure.locator(".joint").nth(5).click()
        left = page.evaluate("location.hash"), figure.locator(".explorer").inner_text()
        assert left[0] == "#layout=ntu-25&joint=5&strategy=distance&hops=3&dilation=2&divide=symmetric"
        figure.locator("select").first.select_option("own edges")
        figure.locator("input.edges").fill("0-1 1-2 2-3")
        figure.locator("select").nth(2).select_option("row")
        figure.get_by_role("button", name="as released").click()
        figure.get_by_role("button", name="whole body").click()
        own = page.evaluate("location.hash"), figure.locator(".explorer").inner_text()
        assert "edges=0-1+1-2+2-3" in own[0] and "released=1" in own[0] and "show=body" in own[0]
        assert visit.complaints == []
    for hash, text in (left, own):
        with opened(running, tmp_path, address=True, hash=hash) as visit:
            assert visit.page.locator(FIGURE + " .explorer").inner_text() == text
            assert visit.page.evaluate("location.hash") == hash
            assert visit.complaints == []


@pytest.mark.parametrize(("hash", "refused"), [
    ("#layout=octopus", "layout=octopus"), ("#joint=99", "joint=99"), ("#joint=-1", "joint=-1"),
    ("#strategy=best&hops=1", "strategy=best"), ("#hops=77", "hops=77"), ("#hops=1e1", "hops=1e1"), ("#magic=1", "magic=1"),
    ("#divide=symmetric&released=1", "divide with released=1"), ("#released=toString", "released=toString"),
    ("#layout=own&edges=1-2", "edges"), ("#layout=own&edges=<img src=x onerror=alert(1)>", "edges"), ("#%E0%A4%A", ""),
    ("#toString=1&__proto__=1", "toString=1"),
])
def test_what_the_address_says_wrongly_is_left_out_with_a_sentence(running, tmp_path, hash, refused):
    with opened(running, tmp_path, address=True, hash=hash) as visit:
        figure = visit.page.locator(FIGURE)
        remark = figure.locator(".remark").inner_text()
        assert refused in remark and "left out" in remark
        assert figure.locator(".joint").count() > 0 and figure.locator(".chip .n").count() == 3
        assert figure.locator("img").count() == 0
        assert_page_and_python_agree(figure)
        assert visit.complaints == []


def test_the_address_is_left_alone_where_the_page_holds_more(running, tmp_path):
    with opened(running, tmp_path, hash="#layout=ntu-25") as visit:  # address=False
        assert visit.page.locator(".joint").count() == 18
        visit.page.locator(".joint").nth(2).click()
        assert visit.page.evaluate("location.hash") == "#layout=ntu-25"
        assert not visit.page.locator("a.lab").is_visible()  # no site around it, so no page to link to
    two = "".join(partition_explorer(address=True).to_html(standalone=True) for _ in range(2))
    (tmp_path / "two.html").write_text(f"<!doctype html><meta charset=utf-8><title>two</title>{two}", encoding="utf-8")
    with site.Visit(running, (tmp_path / "two.html").as_uri()) as visit:
        visit.page.locator(FIGURE).nth(1).locator(".joint").nth(2).click()
        assert visit.page.evaluate("location.hash") == ""
        assert visit.complaints == []


def test_messages_travel_only_for_readers_who_like_motion(running, tmp_path):
    for reduced in (False, True):
        with opened(running, tmp_path, reduced_motion=reduced) as visit:
            flying = visit.page.evaluate("""() => { document.querySelectorAll(".joint")[2].dispatchEvent(new MouseEvent("click"));
                return document.querySelectorAll(".ghosts path").length; }""")
            assert flying == (0 if reduced else 3)
            visit.page.wait_for_function("document.querySelectorAll('.ghosts path').length === 0")
            assert visit.complaints == []
