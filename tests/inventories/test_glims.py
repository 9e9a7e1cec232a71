import json

import pytest
import shapely

from glacier_core.errors import JobCancelled, OutlineError, SourceError
from glacier_core.inventories import glims
from glacier_core.inventories.glims import glims_outlines
from glacier_core.outlines.schema import COLUMNS

BOX = shapely.box(7.9, 46.4, 8.1, 46.6)


def feature(number, west, south, glacier="G008000E46500N", date="2015-08-29", **more):
    shape = shapely.box(west, south, west + 0.01, south + 0.01)
    properties = {
        "line_type": "glac_bound", "anlys_id": float(number), "glac_id": glacier,
        "src_date": f"{date}T00:00:00", "glac_name": "None", "analysts": "Muster, Erika",
        "loc_unc_x": 15, "loc_unc_y": 20, "glob_unc_x": 0, "glob_unc_y": 0, **more,
    }  # fmt: skip
    return {
        "type": "Feature",
        "id": f"GLIMS_Glacier_Outlines.{number}",
        "properties": properties,
        "geometry": shapely.geometry.mapping(shape),
    }


class Service:
    """Answers as GLIMS might, and keeps what it was asked."""

    def __init__(self, features=(), takes="latitude first", otherwise=(), flips=False):
        self.features, self.takes = list(features), takes
        self.otherwise, self.flips, self.asked = list(otherwise), flips, []

    def __call__(self, url, *, params, cancelled):
        self.asked.append(params)
        first = "latitude first" if "urn" in params["bbox"] else "longitude first"
        found = self.features if first == self.takes else self.otherwise
        page = found[params["startIndex"] : params["startIndex"] + params["count"]]
        if self.flips:
            page = [{**one, "geometry": self.flipped(one["geometry"])} for one in page]
        return json.loads(json.dumps({"features": page, "numberMatched": len(found)}))

    @staticmethod
    def flipped(geometry):
        shape = shapely.geometry.shape(geometry)
        return shapely.geometry.mapping(shapely.transform(shape, lambda points: points[:, ::-1]))


@pytest.fixture
def answers(monkeypatch):
    def use(service):
        monkeypatch.setattr(glims, "get_json", service)
        return service

    return use


HERE, ELSEWHERE = feature(1, 8.0, 46.5), feature(2, 46.5, 8.0, glacier="G046500E08000N")


def test_several_dates_and_analysts_of_a_glacier_are_kept(archive_world):
    found = glims_outlines(BOX)
    assert tuple(found.columns[: len(COLUMNS)]) == COLUMNS
    assert found.crs == "EPSG:4326"
    main = found[found["name"] == "Testgletscher"]
    assert list(main["date"]) == ["1985-08-12", "2003-08-13", "2015-08-29", "2015-08-29"]
    assert set(main["analyst"]) == {"Muster, Erika", "Sample, John; Muster, Erika", "Exemple, Zoé"}
    assert main["glims_id"].nunique() == 1
    assert main["analysis_id"].is_unique
    assert found["glacier_id"].is_unique
    assert (main["local_uncertainty_m"] == 15).all()
    assert (main["global_uncertainty_m"] == 30).all()
    # One analyst's own `area` is in square metres; ours is measured.
    assert main["area_km2"].max() < 2 * main["area_km2"].min()
    # A glacier without a name arrives as the text "None"; a rock is no glacier.
    assert "None" not in set(found["name"])
    assert not found["analysis_id"].str.startswith("5").any()


def test_both_sides_of_the_antimeridian_are_asked(archive_world):
    area = shapely.MultiPolygon(
        [shapely.box(179.8, 68.4, 180, 68.6), shapely.box(-180, 68.4, -179.8, 68.6)]
    )
    found = glims_outlines(area)
    assert "Dateline Glacier" in set(found["name"])
    assert found["analysis_id"].is_unique


def test_the_southern_hemisphere_has_its_sign(archive_world):
    found = glims_outlines(shapely.box(-74.1, -49.1, -73.8, -48.9))
    assert "Glaciar de Prueba" in set(found["name"])
    assert glims_outlines(shapely.box(-74.1, 48.9, -73.8, 49.1)).empty


@pytest.mark.parametrize("takes", ["latitude first", "longitude first"])
def test_whichever_order_of_axes_the_service_takes(answers, takes):
    answers(Service([HERE], takes))
    assert list(glims_outlines(BOX)["analysis_id"]) == ["1"]


def test_an_answer_for_another_place_makes_it_ask_the_other_way(answers):
    service = answers(Service([HERE], "longitude first", otherwise=[ELSEWHERE]))
    found = glims_outlines(BOX)
    assert list(found["analysis_id"]) == ["1"]
    assert [asked["bbox"].count("urn") for asked in service.asked] == [1, 0]


def test_coordinates_with_latitude_first_are_turned(answers):
    answers(Service([HERE], flips=True))
    found = glims_outlines(BOX)
    assert found.geometry[0].bounds == pytest.approx((8.0, 46.5, 8.01, 46.51))


def test_a_misread_box_without_glaciers_in_the_right_one_finds_nothing(answers):
    # Turned round, the outlines from elsewhere would lie in the box; they must not be used.
    answers(Service([ELSEWHERE], "latitude first"))
    assert len(glims_outlines(BOX)) == 0


def test_another_place_either_way_is_an_error_and_no_outline(answers):
    far = feature(3, 100.0, 10.0)
    answers(Service([far], otherwise=[far]))
    with pytest.raises(SourceError, match="another place"):
        glims_outlines(BOX)


def test_nothing_there_is_no_row(answers):
    service = answers(Service())
    found = glims_outlines(BOX)
    assert len(found) == 0
    assert {"glims_id", "analysis_id", *COLUMNS} <= set(found.columns)
    assert len(service.asked) == 2


def test_pages_follow_each_other_until_one_is_short(answers, monkeypatch):
    monkeypatch.setattr(glims, "_PAGE", 4)
    many = [feature(n, 7.91 + n / 200, 46.45, glacier=f"G{n}") for n in range(1, 11)]
    service = answers(Service(many))
    told = []
    assert len(glims_outlines(BOX, report=told.append)) == 10
    assert [asked["startIndex"] for asked in service.asked] == [0, 4, 8]
    assert {asked["sortBy"] for asked in service.asked} == {"anlys_id"}
    assert [(one.done, one.total) for one in told] == [(4, 10), (8, 10), (10, 10)]


def test_a_page_that_comes_twice_counts_once(answers, monkeypatch):
    monkeypatch.setattr(glims, "_PAGE", 2)
    answers(Service([HERE, feature(4, 8.02, 46.5), HERE]))
    assert len(glims_outlines(BOX)) == 2


def test_too_many_outlines_are_refused(answers, monkeypatch):
    monkeypatch.setattr(glims, "_PAGE", 2)
    monkeypatch.setattr(glims, "_MOST_FEATURES", 4)
    answers(Service([feature(n, 8.0, 46.5) for n in range(9)]))
    with pytest.raises(OutlineError, match="smaller area"):
        glims_outlines(BOX)


def test_a_broken_outline_is_mended_or_left_out(answers):
    bow = shapely.Polygon([(8, 46.5), (8.01, 46.51), (8.01, 46.5), (8, 46.51)])
    line = shapely.Polygon([(8, 46.5), (8.01, 46.51), (8, 46.5)])
    crossed, flat, gone = feature(6, 8, 46.5), feature(7, 8, 46.5), feature(8, 8, 46.5)
    crossed["geometry"], flat["geometry"] = map(shapely.geometry.mapping, (bow, line))
    gone["geometry"] = None
    answers(Service([HERE, crossed, flat, gone]))
    found = glims_outlines(BOX)
    assert list(found["analysis_id"]) == ["1", "6"]
    assert found.geometry.is_valid.all()


def test_a_zero_uncertainty_is_none(answers):
    answers(Service([HERE]))
    found = glims_outlines(BOX)
    assert found["local_uncertainty_m"][0] == 20
    assert "global_uncertainty_m" not in found


@pytest.mark.parametrize(
    "answer", [[], {}, {"features": None}, {"features": [{"type": "Feature"}]}, {"features": [1]}]
)
def test_nonsense_is_told(monkeypatch, answer):
    monkeypatch.setattr(glims, "get_json", lambda *args, **options: answer)
    with pytest.raises(SourceError, match="something else than outlines"):
        glims_outlines(BOX)


def test_a_stopped_search_asks_no_more(answers):
    service = answers(Service([HERE]))
    with pytest.raises(JobCancelled):
        glims_outlines(BOX, cancelled=lambda: True)
    assert service.asked == []
