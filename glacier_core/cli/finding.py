"""Commands that find glaciers and scenes, and make them ready to be mapped."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

import glacier_core as gc
from glacier_core.cli.options import tell_progress

if TYPE_CHECKING:
    from glacier_core.archives.areas import Area

scenes_app = typer.Typer(help="Scenes at hand, and more to fetch.", invoke_without_command=True)
glaciers_app = typer.Typer(help="Glaciers of the Earth.", no_args_is_help=True)

Place = Annotated[
    str,
    typer.Argument(help="A glacier's name or id, or a box: WEST,SOUTH,EAST,NORTH in degrees."),
]
Archives = Annotated[
    list[str] | None, typer.Option("--archive", help="Else those of TOA reflectance. Repeatable.")
]

_BOX: Final = 4  # numbers

_SHOWN_TILES = 10


@scenes_app.callback()
def scenes(context: typer.Context) -> None:
    """List the scenes that can be opened by their id; `scenes add-dataset` adds those of tiles."""
    if context.invoked_subcommand is not None:
        return
    for summary in gc.list_scenes():
        kind = "simulated" if summary.simulated else "real"
        typer.echo(f"{summary.id:24}{kind:12}{summary.title}")


@scenes_app.command("add-dataset")
def add_dataset(
    path: Annotated[Path, typer.Argument(help="Tile file (.hdf5), or a folder of them.")],
) -> None:
    """Make every tile of a dataset a scene that can be opened, mapped and compared."""
    for dataset in gc.add_dataset(path):
        kind = ", simulated" if dataset.simulated else ""
        typer.echo(f"{dataset.path.name}: {len(dataset.tiles)} tiles{kind}")
        for tile in dataset.tiles[:_SHOWN_TILES]:
            typer.echo(f"  {tile.scene}")
        if len(dataset.tiles) > _SHOWN_TILES:
            typer.echo("  … all of them: glacier-core scenes")
        for fault in dataset.faults:
            typer.secho(f"Left out: {fault}", fg=typer.colors.RED, err=True)


@glaciers_app.command("index")
def index(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Regional files of RGI 7.0 (or 6.2), zipped or not.")
    ] = None,
    fetch: Annotated[
        bool, typer.Option(help="Fetch RGI 7.0, some 1.5 GB, from its public mirror.")
    ] = False,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Number of a region to fetch, such as 11; may be given several times."),
    ] = None,
) -> None:
    """Build the index in which every glacier of the Earth is found by name, id or place."""
    from glacier_core.inventories.building import build_index

    numbers = [number.zfill(2) for number in region] if region else None
    path = build_index(
        files or (), fetch=fetch or bool(region), numbers=numbers, report=tell_progress
    )
    typer.echo(f"Written to {path}")


@glaciers_app.command("find")
def find(
    text: Annotated[str, typer.Argument(help="A name, an RGI or GLIMS id, or coordinates.")],
    limit: Annotated[int, typer.Option(help="Most glaciers to list.", min=1)] = 20,
) -> None:
    """Find glaciers by name, id or place."""
    from glacier_core.inventories.finding import find_glaciers

    found = find_glaciers(text, limit=limit)
    if found.empty:
        typer.echo(f"No glacier is like {text!r}.")
        raise typer.Exit(1)
    columns = ["glacier_id", "label", "area_km2", "latitude", "longitude", "match"]
    typer.echo(found[columns].to_string(index=False, float_format="{:.2f}".format))


@scenes_app.command("search")
def search(
    place: Place,
    start: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")],
    end: Annotated[str | None, typer.Option(help="Last day; else today.")] = None,
    cloud: Annotated[
        float, typer.Option(help="Most cloud over the area, percent.", min=0, max=100)
    ] = 20.0,
    whole_year: Annotated[
        bool, typer.Option(help="Else only the months in which glaciers are seen best there.")
    ] = False,
    archive: Archives = None,
    limit: Annotated[int, typer.Option(help="Most images to list.", min=1)] = 20,
) -> None:
    """Search the archives for images of a glacier or a place."""
    from glacier_core.archives.searching import search_scenes
    from glacier_core.archives.seasons import suggested_season

    area = _area(place)
    season = suggested_season(area.centre[1])
    if not whole_year:
        typer.secho(season.sentence, err=True)
    found = search_scenes(
        area,
        archives=archive,
        start=_day(start),
        end=_day(end) if end else date.today(),
        months=None if whole_year else season.months,
        most_cloud_percent=cloud,
        limit=limit,
    )
    for scene in found:
        clouds = scene.area_cloud_percent
        told = "cloud unknown" if clouds is None else f"{clouds:3.0f} % cloud"
        covers = f"covers {scene.coverage_percent:3.0f} %"
        typer.echo(f"{scene.acquired:%Y-%m-%d}  {told}  {covers}  {scene.archive}  {scene.id}")
    if not found:
        typer.echo("No image was found. Allow more cloud, the whole year, or an earlier start.")
        raise typer.Exit(1)


@scenes_app.command("fetch")
def fetch(
    place: Place,
    scene: Annotated[
        list[str], typer.Argument(help="Ids that `scenes search` listed; several of one day.")
    ],
    archive: Annotated[str, typer.Option(help="Their archive.")] = "sentinel-2-l1c",
    resolution: Annotated[float, typer.Option(help="Side of a pixel, metres.")] = 10.0,
    composite: Annotated[
        bool, typer.Option(help="One clear-sky image of scenes of several days.")
    ] = False,
    allow_surface: Annotated[
        bool, typer.Option(help="Accept surface reflectance; every output will say so.")
    ] = False,
    inventory: Annotated[
        Literal["rgi7", "rgi6", "glims", "none"],
        typer.Option(help="Expert outlines to come along."),
    ] = "rgi7",
) -> None:
    """Fetch images of a place as a scene, ready for `map`; called again, it goes on."""
    from glacier_core.archives.cost import estimate
    from glacier_core.archives.fetching import fetch_scene
    from glacier_core.archives.plan import FetchPlan
    from glacier_core.archives.searching import scenes_by_id
    from glacier_core.inventories.choosing import nearest_in_time
    from glacier_core.inventories.fetching import fetch_outlines
    from glacier_core.sources import keep_scene

    area = _area(place)
    plan = FetchPlan(
        area,
        scenes_by_id(archive, scene, area),
        resolution,
        composite=composite,
        allow_surface=allow_surface,
    )
    cost = estimate(plan)
    typer.secho(f"{cost.pixels:,} pixels, about {cost.bytes / 1e6:,.0f} MB to fetch", err=True)
    for sentence in cost.missing:
        typer.secho(sentence, err=True)
    fetched = fetch_scene(plan, report=tell_progress)
    if inventory != "none":
        every = fetch_outlines(area.geometry, inventory, report=tell_progress)
        outlines = nearest_in_time(every, fetched.attributes.acquired)
        fetched = fetched.with_outlines(outlines.to_crs(fetched.crs))
        keep_scene(fetched)
        typer.echo(f"{len(outlines)} expert outlines of {inventory}")
    typer.echo(f"{fetched.title}: map it with `glacier-core map {fetched.id} --out FOLDER`")


def _area(place: str) -> "Area":
    """Return the area of a box written as four numbers, or of the likeliest glacier."""
    from glacier_core.archives.areas import area_of
    from glacier_core.errors import SourceError
    from glacier_core.inventories.finding import find_glaciers

    numbers = place.split(",")
    if len(numbers) == _BOX:
        return area_of(numbers)
    found = find_glaciers(place, limit=1)
    if found.empty:
        raise SourceError(
            f"No glacier is like {place!r}. Give a box as WEST,SOUTH,EAST,NORTH in degrees, or "
            "build the index of all glaciers: glacier-core glaciers index --fetch."
        )
    typer.secho(f"{found['label'].iloc[0]} ({found['match'].iloc[0]})", err=True)
    return area_of(found.iloc[0])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise typer.BadParameter(f"{text!r} is no day: write YYYY-MM-DD.") from problem
