#!/bin/sh
# Cuts the fonts of the share cards out of Debian's fonts-dejavu (2.37), with fonttools 4.68 on the path:
#   sh benchmarks/card_fonts.sh
# European scripts, punctuation, arrows and thin spaces; no hinting, which large type does not need.
set -eu
for name in DejaVuSans DejaVuSans-Bold; do
  pyftsubset "/usr/share/fonts/truetype/dejavu/$name.ttf" \
    --unicodes=U+0020-007E,U+00A0-024F,U+0300-036F,U+0370-03FF,U+0400-04FF,U+1E00-1EFF,U+2000-200A,U+2010-2027,U+202F,U+2030-205E,U+2070-209F,U+20A0-20BF,U+2122,U+2190-2199,U+2212,U+2248,U+2260,U+2264-2265,U+FFFD \
    --layout-features='' --legacy-kern --no-hinting --notdef-outline --name-IDs=0,1,2,3,4,5,6,13,14 \
    --output-file="reporter/data/fonts/$name.ttf"
done
