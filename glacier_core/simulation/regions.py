"""The eleven regions of the benchmark dataset, as far as a simulation can be told about them.

Codes, names and subregions are those of Maslov et al. (2025), Nature Communications 16:43. The
shares of debris-covered and of tidewater glacier area were read off the paper's overview figure.
Relief, climate, plants and instruments are rounded assumptions about the high mountains of each
region, there to give regional models something to learn, not to describe any place.
"""

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Region:
    """What sets the glaciers of one region apart.

    Attributes
    ----------
    code, paper_code : str
        In the dataset's files, and in the paper.
    title : str
    subregions : tuple of str
    longitude, latitude : float
        Degrees, of a glacierised place in it.
    relief : tuple of float
        m between the lowest and the highest ground of 16 km.
    talus : tuple of float
        Steepest lasting slope (tangent).
    equilibrium : tuple of float
        Share of the ground below the equilibrium line.
    gradient, accumulation : tuple of float
        Of the mass balance, 1/a, and its largest value, m/a: large in maritime climates.
    plateaus : float
        Share of the ground that carries ice caps rather than valley glaciers.
    base : tuple of float
        Lowest elevation, m above the sea.
    debris_share, tidewater_share : float
        Of the glacier area.
    vegetation : tuple of float
        Share of the ground off the ice, lowest first, that plants can reach.
    instruments : tuple of (name, odds)
        Whose imagery the region's tiles hold.
    radar : tuple of str
        Radar features its tiles hold.
    """

    code: str
    paper_code: str
    title: str
    subregions: tuple[str, ...]
    longitude: float
    latitude: float
    relief: Range
    talus: Range
    equilibrium: Range
    gradient: Range
    accumulation: Range
    plateaus: float
    base: Range
    debris_share: float
    tidewater_share: float
    vegetation: Range
    instruments: tuple[tuple[str, float], ...]
    radar: tuple[str, ...] = ()


_BOTH_POLARISATIONS = ("co_pol_sar", "cross_pol_sar", "in_sar")
_CO_POLARISATION = ("co_pol_sar", "in_sar")
_SENTINEL = (("Sentinel-2", 1.0),)
_MIXED = (("Sentinel-2", 0.4), ("Landsat 8", 0.6))

REGIONS: dict[str, Region] = {
    region.code: region
    for region in (
        Region(
            code="ALP",
            paper_code="ALP",
            title="European Alps",
            subregions=("ALP",),
            longitude=8.0,
            latitude=46.4,
            relief=(1800.0, 2900.0),
            talus=(0.85, 1.25),
            equilibrium=(0.82, 0.94),
            gradient=(0.006, 0.009),
            accumulation=(1.4, 2.4),
            plateaus=0.03,
            base=(900.0, 1700.0),
            debris_share=0.24,
            tidewater_share=0.0,
            vegetation=(0.0, 0.6),
            instruments=_SENTINEL,
            radar=_BOTH_POLARISATIONS,
        ),
        Region(
            code="AN",
            paper_code="ANT",
            title="Antarctica",
            subregions=("ANT1", "ANT2"),
            longitude=-60.0,
            latitude=-63.5,
            relief=(700.0, 1700.0),
            talus=(0.6, 1.0),
            equilibrium=(0.45, 0.72),
            gradient=(0.004, 0.007),
            accumulation=(0.8, 1.6),
            plateaus=0.5,
            base=(0.0, 60.0),
            debris_share=0.0,
            tidewater_share=0.25,
            vegetation=(-0.5, -0.1),
            instruments=_MIXED,
        ),
        Region(
            code="AWA",
            paper_code="AWA",
            title="Alaska and Western America",
            subregions=("AWA1", "AWA2"),
            longitude=-146.0,
            latitude=61.5,
            relief=(1500.0, 2900.0),
            talus=(0.75, 1.15),
            equilibrium=(0.66, 0.92),
            gradient=(0.006, 0.01),
            accumulation=(1.6, 3.0),
            plateaus=0.1,
            base=(0.0, 1300.0),
            debris_share=0.27,
            tidewater_share=0.09,
            vegetation=(0.0, 0.65),
            instruments=_MIXED,
            radar=_CO_POLARISATION,
        ),
        Region(
            code="CA",
            paper_code="CAU",
            title="Caucasus",
            subregions=("CAU",),
            longitude=43.0,
            latitude=43.0,
            relief=(1900.0, 3000.0),
            talus=(0.85, 1.25),
            equilibrium=(0.84, 0.95),
            gradient=(0.006, 0.009),
            accumulation=(1.4, 2.4),
            plateaus=0.02,
            base=(1400.0, 2100.0),
            debris_share=0.19,
            tidewater_share=0.0,
            vegetation=(0.1, 0.65),
            instruments=_MIXED,
            radar=_CO_POLARISATION,
        ),
        Region(
            code="GR",
            paper_code="GRL",
            title="Greenland periphery",
            subregions=("GRL1", "GRL2"),
            longitude=-38.0,
            latitude=67.0,
            relief=(900.0, 1900.0),
            talus=(0.65, 1.05),
            equilibrium=(0.55, 0.82),
            gradient=(0.004, 0.007),
            accumulation=(0.7, 1.5),
            plateaus=0.35,
            base=(0.0, 150.0),
            debris_share=0.06,
            tidewater_share=0.08,
            vegetation=(-0.4, 0.2),
            instruments=_MIXED,
        ),
        Region(
            code="HMA",
            paper_code="HMA",
            title="High-Mountain Asia",
            subregions=("HMA1", "HMA2", "HMA3", "HMA4", "HMA5"),
            longitude=80.0,
            latitude=33.0,
            relief=(2000.0, 3400.0),
            talus=(0.9, 1.3),
            equilibrium=(0.74, 0.93),
            gradient=(0.005, 0.009),
            accumulation=(0.8, 2.0),
            plateaus=0.03,
            base=(3000.0, 4600.0),
            debris_share=0.29,
            tidewater_share=0.0,
            vegetation=(-0.3, 0.35),
            instruments=_MIXED,
            radar=_CO_POLARISATION,
        ),
        Region(
            code="LL",
            paper_code="TRP",
            title="Low latitudes",
            subregions=("TRP1", "TRP2"),
            longitude=-77.5,
            latitude=-9.5,
            relief=(1200.0, 2200.0),
            talus=(0.8, 1.2),
            equilibrium=(0.86, 0.96),
            gradient=(0.008, 0.014),
            accumulation=(1.0, 2.0),
            plateaus=0.08,
            base=(3900.0, 4500.0),
            debris_share=0.06,
            tidewater_share=0.0,
            vegetation=(-0.1, 0.55),
            instruments=_MIXED,
        ),
        Region(
            code="NZ",
            paper_code="NZL",
            title="New Zealand",
            subregions=("NZL",),
            longitude=170.1,
            latitude=-43.6,
            relief=(1800.0, 2900.0),
            talus=(0.9, 1.3),
            equilibrium=(0.8, 0.94),
            gradient=(0.008, 0.013),
            accumulation=(2.0, 4.0),
            plateaus=0.02,
            base=(600.0, 1100.0),
            debris_share=0.33,
            tidewater_share=0.0,
            vegetation=(0.2, 0.65),
            instruments=_SENTINEL,
            radar=_BOTH_POLARISATIONS,
        ),
        Region(
            code="SA",
            paper_code="SAN",
            title="Southern Andes",
            subregions=("SAN1", "SAN2"),
            longitude=-73.3,
            latitude=-49.0,
            relief=(1300.0, 2600.0),
            talus=(0.8, 1.2),
            equilibrium=(0.62, 0.90),
            gradient=(0.007, 0.013),
            accumulation=(2.0, 4.0),
            plateaus=0.2,
            base=(0.0, 700.0),
            debris_share=0.07,
            tidewater_share=0.25,
            vegetation=(0.0, 0.65),
            instruments=_MIXED,
            radar=_CO_POLARISATION,
        ),
        Region(
            code="SC",
            paper_code="SCA",
            title="Scandinavia",
            subregions=("SCA1", "SCA2"),
            longitude=7.0,
            latitude=61.7,
            relief=(900.0, 1800.0),
            talus=(0.6, 1.0),
            equilibrium=(0.72, 0.92),
            gradient=(0.006, 0.01),
            accumulation=(1.8, 3.2),
            plateaus=0.4,
            base=(500.0, 1200.0),
            debris_share=0.05,
            tidewater_share=0.0,
            vegetation=(0.0, 0.65),
            instruments=_MIXED,
            radar=_BOTH_POLARISATIONS,
        ),
        Region(
            code="SVAL",
            paper_code="SVAL",
            title="Svalbard",
            subregions=("SVAL1", "SVAL2", "SVAL3"),
            longitude=16.0,
            latitude=78.5,
            relief=(600.0, 1300.0),
            talus=(0.55, 0.95),
            equilibrium=(0.52, 0.80),
            gradient=(0.004, 0.007),
            accumulation=(0.6, 1.3),
            plateaus=0.25,
            base=(0.0, 60.0),
            debris_share=0.1,
            tidewater_share=0.74,
            vegetation=(-0.5, 0.15),
            instruments=_SENTINEL,
            radar=_BOTH_POLARISATIONS,
        ),
    )
}
