/work/main/.build/debug/portreeve sessions policy.yaml --state-dir st9
/work/main/.build/debug/portreeve sessions --jsn; /work/main/.build/debug/portreeve sesions
/work/main/.build/debug/portreeve probe; echo "exit $?"
