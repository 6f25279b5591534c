import Compiler
import Policies
import Addressing
import Rulesets
let loc = SourceLocation(file: "p.yaml", line: 1, column: 1)
let s4 = IntervalSet<UInt32>([0x0a000000...0x0affffff, 0xac100000...0xac1fffff, 0xc000020a...0xc0000214, 0x01020304...0x01020304, 0x7f000000...0x7f000001])
let s6 = IntervalSet<UInt128>([(0x20010db8 << 96)...((0x20010db9 << 96) - 1)])
let list = SourceList(location: loc, entries: ["office"], addresses: AddressSet(ipv4: s4, ipv6: s6))
let anyList = SourceList(location: loc, entries: ["any"], addresses: .any)
let short = SourceList(location: loc, entries: ["x"], addresses: AddressSet(ipv4: IntervalSet([0xac100000...0xac1fffff, 0xc000020a...0xc0000214]), ipv6: s6))
var p = Policy(defaults: Defaults(inbound: .reject, log: Rate(count: 5, unit: .minute), ping: .limited(Rate(count: 10, unit: .second))))
p.deny = list
p.groups = [SourceGroup(name: "office", location: loc, addresses: list.addresses)]
func port(_ t: TransportProtocol, _ a: UInt16, _ b: UInt16) -> ServicePort { ServicePort(transport: t, range: a...b, location: loc) }
p.services = [
 Service(name: "ssh", location: loc, ports: [port(.tcp, 22, 22)], sources: list, interfaces: [InterfacePattern(name: "eth0", isPrefix: false), InterfacePattern(name: "wg", isPrefix: true)], limit: ConnectionLimit(rate: Rate(count: 10, unit: .minute), burst: 20), log: true, expires: Expiry(end: 1801440000, written: "2027-01-31"), why: "Admin \"access\"", owner: "ops@example.org"),
 Service(name: "web", location: loc, ports: [port(.tcp, 80, 80), port(.tcp, 8000, 8100), port(.udp, 443, 443), port(.udp, 500,600)], sources: anyList, why: "Web"),
 Service(name: "zdb", location: loc, ports: [port(.tcp, 5432, 5432), port(.sctp, 1, 1)], sources: short),
]
print(compile(p).table.nftText)
