"""Where each place stands in a map of tiles: a cell a place, about where it lies, none on top of another.

A dot is an empty cell. States go by their postal codes, countries by ISO 3166-1.
"""

STATES = """
AK .  .  .  .  US .  .  .  .  ME
.  .  .  .  .  .  .  .  .  VT NH
WA ID MT ND MN IL WI MI NY RI MA
OR NV WY SD IA IN OH PA NJ CT
CA UT CO NE MO KY WV VA MD DE
.  AZ NM KS AR TN NC SC DC
.  .  .  OK LA MS AL GA
HI .  .  TX .  .  .  .  FL PR VI
AS GU MP PW FM MH
"""
"""The usual arrangement of the United States, with Puerto Rico and the territories below, the whole country above."""

COUNTRIES = """
.  .  .  .  .  .  .  .  GL IS .  .  .  NO SE .  FI
.  .  .  CA .  .  .  .  .  .  FO GB NL DK CZ LV LT EE .  .  .  .  RU
.  .  .  .  .  .  .  .  .  IE IM BE LU DE AT PL SK BY
.  .  .  .  .  .  .  .  PM .  GG JE CH LI SI HU RS MD UA .  .  KZ .  MN
.  .  .  .  .  .  .  .  .  .  .  FR MC SM HR BA XK RO .  GE AZ UZ KG
.  .  .  US .  .  .  .  .  PT ES AD .  VA IT ME BG TR SY AM .  TJ .  .  KP
.  .  .  .  .  .  .  .  .  .  .  GI .  TN MT AL MK CY LB IQ TM AF .  CN KR JP
.  .  .  .  BS .  BM .  .  .  MA .  DZ .  .  .  GR PS JO KW IR PK NP
.  .  .  MX CU TC VG AI .  .  EH .  .  .  LY .  EG IL .  SA BH QA BD BT TW
.  .  .  KY HT DO MF BL AG .  MR .  .  .  .  .  .  .  .  AE OM IN MM LA
.  .  .  BZ JM PR SX KN GP CV .  ML .  NE .  .  .  .  .  .  .  .  .  VN
.  .  .  GT HN AW VI DM MQ GM SN .  .  .  TD .  .  SD ER YE .  .  .  TH .  MP
.  .  .  SV NI CW MS VC LC GW GN BF BJ .  .  .  .  .  .  DJ .  .  .  KH PH GU
.  .  .  CR PA BQ GD TT BB .  SL CI TG NG .  .  .  SS ET .  .  .  LK .  .  PW
.  .  .  .  .  CO VE GY SR .  LR GH .  CM .  CF .  .  .  SO .  MV .  .  BN .  FM MH
.  .  .  .  EC .  .  .  GF .  .  .  ST GQ CG .  RW UG KE .  .  .  .  SG MY .  NR KI
.  TK .  .  .  .  .  .  .  .  .  .  .  GA .  CD .  BI TZ .  SC .  .  .  ID PG .  TV
WS AS .  .  .  PE .  .  BR .  .  .  .  .  AO .  ZM MW KM YT .  .  .  .  TL .  SB
WF NU PF .  .  .  BO .  .  .  SH .  .  .  .  .  .  ZW MZ MG MU .  .  .  .  .  VU FJ
TO CK PN .  .  .  .  PY .  .  .  .  .  .  NA .  BW SZ .  .  RE .  .  .  .  AU NC
.  .  .  .  .  CL AR .  UY .  .  .  .  .  .  ZA LS
.  .  .  .  .  .  .  FK .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  NZ
.  .  .  .  .  .  .  .  .  .  .  .  .  .  .  AQ
"""
"""Countries and territories, crowded regions spread out and oceans narrowed."""
