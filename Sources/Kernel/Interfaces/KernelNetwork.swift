public import Addressing
internal import CMnl
internal import Glibc
public import Listeners
internal import Synchronization
public import System

/// The interfaces and routes of the network namespace in which the value was created.
///
/// Each part is read when it is needed: neighbours each time, all others once.
public final class KernelNetwork: HostNetwork {
    private let socket: NetlinkSocket
    private let known = Mutex(Known())

    /// What was read; a part that could not be read is `nil` inside.
    private struct Known {
        var interfaces: [HostInterface]??
        var destinations: Destinations??
        var selectors: [AddressFamily: RouteSelectors?] = [:]
        var broadcasts: Set<IPAddress>??
        var answers: [RouteQuestion: RouteAnswer] = [:]
        var fault: String?

        /// Keeps the first error.
        mutating func note(_ error: SystemError, _ title: String) {
            fault = fault ?? "\(error.during("cannot read \(title) of this host"))"
        }
    }

    /// What the routes of all routing tables lead to.
    private struct Destinations {
        var reached: [UInt32: AddressSet] = [:]
        var gateways: Set<IPAddress> = []
    }

    /// Opens a socket to the routing part of the kernel.
    public init() throws(KernelError) {
        do throws(SystemError) {
            socket = try NetlinkSocket(bus: NETLINK_ROUTE)
        } catch {
            throw error.during("opening a routing netlink socket")
        }
    }

    /// The interfaces, RTM_GETLINK.
    public var interfaces: [HostInterface]? {
        once(\.interfaces, "the interfaces") { () throws(SystemError) in
            let disciplines = try socket.dump(RTM_GETQDISC, tcmsg())
            let filtered = Set(disciplines.compactMap(HostInterface.indexOfFilters))
            return try socket.dump(RTM_GETLINK, ifinfomsg()).compactMap { HostInterface($0, filtered: filtered) }
        }
    }

    /// The destinations behind each interface in all routing tables but those of local addresses, RTM_GETROUTE.
    public var reached: [UInt32: AddressSet]? { destinations?.reached }

    /// The next hops in all routing tables, RTM_GETROUTE.
    public var gateways: Set<IPAddress>? { destinations?.gateways }

    private var destinations: Destinations? {
        once(\.destinations, "the routes") { () throws(SystemError) in
            var tables: [UInt32: RoutedAddresses] = [:]
            var destinations = Destinations()
            for family in [AF_INET, AF_INET6] {
                var header = rtmsg()
                header.rtm_family = UInt8(family)
                for payload in try socket.dump(RTM_GETROUTE, header) {
                    destinations.gateways.formUnion(TableRoute.gateways(payload))
                    if let route = TableRoute(payload) { tables[route.table, default: RoutedAddresses()].add(route) }
                }
            }
            destinations.reached = tables.values.reduce(into: [:]) { all, table in
                all.merge(table.byInterface) { $0.union($1) }
            }
            return destinations
        }
    }

    /// The broadcast addresses of the networks of the addresses: getifaddrs(3).
    public var broadcasts: Set<IPAddress>? {
        once(\.broadcasts, "the addresses") { () throws(SystemError) in
            HostAddresses.broadcasts(of: try InterfaceAddress.all())
        }
    }

    /// The neighbours that the kernel knows, RTM_GETNEIGH; without those that do not answer.
    public var neighbours: [UInt32: [IPAddress]]? {
        known.withLock { known in
            do throws(SystemError) {
                return try socket.dump(RTM_GETNEIGH, ndmsg()).reduce(into: [:]) { all, payload in
                    guard let reply = RouteReply(payload, as: ndmsg.self),
                        Int32(reply.header.ndm_state) & (NUD_FAILED | NUD_NOARP | NUD_INCOMPLETE) == 0,
                        let bytes = reply.attributes[PlainAttribute(Int(NDA_DST))],
                        let address = IPAddress(bigEndianBytes: Array(bytes))
                    else { return }
                    all[UInt32(bitPattern: reply.header.ndm_ifindex), default: []].append(address)
                }
            } catch {
                known.note(error, "the neighbours")
                return nil
            }
        }
    }

    /// Why a part that was asked for could not be read; `nil` if all could.
    public var fault: String? { known.withLock(\.fault) }

    /// Whether forwarding is on: ip(7), and `ipv6.all.forwarding`; `nil` without a readable /proc.
    public func forwards(_ family: AddressFamily) -> Bool? {
        let name = family == .ipv4 ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding"
        return ProcFile.text("/proc/sys/net/\(name)").map { $0.first == "1" }
    }

    /// The addresses of an interface, by its index.
    public func addresses(on interface: UInt32) -> AddressSet? {
        ownAddresses(on: interface).map { $0.reduce(AddressSet()) { $0.union(AddressSet($1.address)) } }
    }

    /// The addresses of the networks of an interface, by its index.
    public func networks(on interface: UInt32) -> AddressSet? {
        ownAddresses(on: interface).map { $0.reduce(AddressSet()) { $0.union($1.network) } }
    }

    private func ownAddresses(on interface: UInt32) -> [InterfaceAddress]? {
        let names = Dictionary((interfaces ?? []).map { ($0.index, $0.name) }) { first, _ in first }
        guard let name = names[interface], let all = try? InterfaceAddress.all() else { return nil }
        return all.filter { $0.interface == name }
    }

    /// Whether packets that arrive on an interface may have loopback destinations: `route_localnet` of the kernel's
    /// `ip-sysctl.rst`.
    public func routesLoopback(_ interface: String) -> Bool? {
        let values = ["all", interface].map { ProcFile.text("/proc/sys/net/ipv4/conf/\($0)/route_localnet") }
        return values.contains { $0?.first == "1" } ? true : values.contains { $0 == nil } ? nil : false
    }

    /// The selectors of the rules of policy routing, RTM_GETRULE.
    ///
    /// A rule for the source address of this host decides on no packet from elsewhere.
    public func selectors(_ family: AddressFamily) -> RouteSelectors? {
        let own = (try? HostAddresses.all()) ?? []
        return known.withLock { known -> RouteSelectors? in
            if let selectors = known.selectors[family] { return selectors }
            var header = fib_rule_hdr()
            header.family = UInt8(family == .ipv4 ? AF_INET : AF_INET6)
            var selectors: RouteSelectors?
            do throws(SystemError) {
                selectors = try socket.dump(RTM_GETRULE, header).reduce(into: RouteSelectors()) { all, payload in
                    all.formUnion(RouteSelectors(rule: payload, own: own))
                }
            } catch { known.note(error, "the rules of policy routing") }
            known.selectors[family] = .some(selectors)
            return selectors
        }
    }

    /// The kernel's route for a packet, RTM_GETROUTE.
    ///
    /// Where the kernel would not take the packet in from that source and interface, or forwards none, the route is that
    /// of a packet of this host.
    public func answer(_ question: RouteQuestion) -> RouteAnswer {
        known.withLock { known in
            if let answer = known.answers[question] { return answer }
            var answer = RouteAnswer.unknown
            do throws(SystemError) {
                answer = try ask(question)
                if answer == .unreachable, question.interface != nil {
                    answer = try ask(RouteQuestion(to: question.destination))
                }
            } catch { known.note(error, "the route to \(question.destination)") }
            known.answers[question] = answer
            return answer
        }
    }

    private func ask(_ question: RouteQuestion) throws(SystemError) -> RouteAnswer {
        let sequence = socket.sequence()
        var route: ReturnRoute?
        let request = RouteRequest(route: question, sequence: sequence)
        do throws(SystemError) {
            try socket.request(request.bytes, sequence: sequence) { message throws(SystemError) in
                route = ReturnRoute(message.payload)
            }
        } catch {
            guard Self.refusals.contains(error.code) else { throw error }
            return .unreachable
        }
        return route.map(RouteAnswer.route) ?? .unknown
    }

    /// How the kernel says that no route leads to an address, or one that refuses it (`fib_props` of its `fib_semantics.c`), or that the
    /// source cannot come by the interface (`fib_validate_source` of its `fib_frontend.c`).
    private static let refusals: Set<Int32> = [ENETUNREACH, EHOSTUNREACH, EACCES, EAGAIN, EXDEV, EINVAL]

    /// A part that was read before, or that `read` reads now; `nil` if that failed, which is not tried again.
    private func once<Part: Sendable>(
        _ place: WritableKeyPath<Known, Part??>, _ title: String, _ read: () throws(SystemError) -> Part
    ) -> Part? {
        known.withLock { known -> Part? in
            if let part = known[keyPath: place] { return part }
            var part: Part?
            do throws(SystemError) { part = try read() } catch { known.note(error, title) }
            known[keyPath: place] = .some(part)
            return part
        }
    }
}
