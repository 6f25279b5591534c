public import Addressing
internal import CMnl
internal import Glibc
public import Listeners
internal import Synchronization
public import System

/// The interfaces and routes of the network namespace in which the value was created; each is read when it is needed, once.
public final class KernelNetwork: HostNetwork {
    private let socket: NetlinkSocket
    private let known = Mutex(Known())

    private struct Known {
        var interfaces: [HostInterface]?
        var reached: [UInt32: AddressSet]?
        var selectors: [AddressFamily: RouteSelectors] = [:]
        var routes: [RouteQuestion: ReturnRoute?] = [:]
    }

    /// Opens a socket to the routing part of the kernel.
    public init() throws(KernelError) {
        do throws(SystemError) {
            socket = try NetlinkSocket(bus: NETLINK_ROUTE)
        } catch {
            throw error.during("opening a routing netlink socket")
        }
    }

    /// The interfaces, RTM_GETLINK; empty if they cannot be read.
    public var interfaces: [HostInterface] {
        known.withLock { known in
            if let interfaces = known.interfaces { return interfaces }
            let filtered = dump(RTM_GETQDISC, tcmsg()).reduce(into: Set<UInt32>()) { all, payload in
                guard let reply = RouteReply(payload, as: tcmsg.self),
                    ["clsact", "ingress"].contains(reply.attributes.name(PlainAttribute(TCA_KIND)))
                else { return }
                all.insert(UInt32(bitPattern: reply.header.tcm_ifindex))
            }
            let interfaces = dump(RTM_GETLINK, ifinfomsg()).compactMap { HostInterface($0) }.map { interface in
                var interface = interface
                if filtered.contains(interface.index) { interface.earlier.append("filters of tc") }
                return interface
            }
            known.interfaces = interfaces
            return interfaces
        }
    }

    /// The destinations behind each interface in all routing tables but those of local addresses, RTM_GETROUTE.
    public var reached: [UInt32: AddressSet] {
        known.withLock { known in
            if let reached = known.reached { return reached }
            var tables: [UInt32: RoutedAddresses] = [:]
            for family in [AF_INET, AF_INET6] {
                var header = rtmsg()
                header.rtm_family = UInt8(family)
                for payload in dump(RTM_GETROUTE, header) {
                    if let route = TableRoute(payload) { tables[route.table, default: RoutedAddresses()].add(route) }
                }
            }
            let reached = tables.values.reduce(into: [:]) { all, table in
                all.merge(table.byInterface) { $0.union($1) }
            }
            known.reached = reached
            return reached
        }
    }

    /// The next hops in all routing tables, RTM_GETROUTE.
    public var gateways: Set<IPAddress> {
        known.withLock { _ in
            [AF_INET, AF_INET6].reduce(into: []) { all, family in
                var header = rtmsg()
                header.rtm_family = UInt8(family)
                for payload in dump(RTM_GETROUTE, header) { all.formUnion(TableRoute.gateways(payload)) }
            }
        }
    }

    /// The broadcast addresses of the networks of the addresses: getifaddrs(3); empty if they cannot be read.
    public var broadcasts: Set<IPAddress> { (try? HostAddresses.withBroadcasts().broadcasts) ?? [] }

    /// The neighbours that the kernel knows, RTM_GETNEIGH; without those that do not answer.
    public var neighbours: [UInt32: [IPAddress]] {
        known.withLock { _ in
            dump(RTM_GETNEIGH, ndmsg()).reduce(into: [:]) { all, payload in
                guard let reply = RouteReply(payload, as: ndmsg.self),
                    Int32(reply.header.ndm_state) & (NUD_FAILED | NUD_NOARP | NUD_INCOMPLETE) == 0,
                    let bytes = reply.attributes[PlainAttribute(Int(NDA_DST))],
                    let address = IPAddress(bigEndianBytes: Array(bytes))
                else { return }
                all[UInt32(bitPattern: reply.header.ndm_ifindex), default: []].append(address)
            }
        }
    }

    /// Whether forwarding is on: ip(7), and `ipv6.all.forwarding`.
    public func forwards(_ family: AddressFamily) -> Bool {
        let name = family == .ipv4 ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding"
        return ProcFile.text("/proc/sys/net/\(name)")?.first == "1"
    }

    /// The addresses of an interface, by its index.
    public func addresses(on interface: UInt32) -> AddressSet? {
        let names = Dictionary(interfaces.map { ($0.index, $0.name) }) { first, _ in first }
        guard let name = names[interface], let all = try? InterfaceAddress.all() else { return nil }
        return all.filter { $0.interface == name }.reduce(AddressSet()) { set, each in
            switch each.address {
            case .ipv4(let address): set.union(AddressSet(ipv4: IntervalSet([address...address])))
            case .ipv6(let address): set.union(AddressSet(ipv6: IntervalSet([address...address])))
            }
        }
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
    public func selectors(_ family: AddressFamily) -> RouteSelectors {
        known.withLock { known in
            if let selectors = known.selectors[family] { return selectors }
            var header = fib_rule_hdr()
            header.family = UInt8(family == .ipv4 ? AF_INET : AF_INET6)
            let own = (try? HostAddresses.all()) ?? []
            let selectors = dump(RTM_GETRULE, header).reduce(into: RouteSelectors()) { all, payload in
                all.formUnion(RouteSelectors(rule: payload, own: own))
            }
            known.selectors[family] = selectors
            return selectors
        }
    }

    /// The kernel's route for a packet, RTM_GETROUTE.
    ///
    /// Where the kernel would not take the packet in from that source and interface, or forwards none, the route is that
    /// of a packet of this host.
    public func route(_ question: RouteQuestion) -> ReturnRoute? {
        known.withLock { known in
            if let route = known.routes[question] { return route }
            var route = ask(question)
            if route == nil, question.interface != nil { route = ask(RouteQuestion(to: question.destination)) }
            known.routes[question] = .some(route)
            return route
        }
    }

    private func ask(_ question: RouteQuestion) -> ReturnRoute? {
        let sequence = socket.sequence()
        var route: ReturnRoute?
        let request = RouteRequest(route: question, sequence: sequence)
        _ = try? socket.request(request.bytes, sequence: sequence) { message throws(SystemError) in
            route = ReturnRoute(message.payload)
        }
        return route
    }

    private func dump(_ type: Int, _ header: some NumericStruct) -> [ArraySlice<UInt8>] {
        let sequence = socket.sequence()
        let request = RouteRequest(type, flags: NLM_F_DUMP, sequence: sequence, header)
        var payloads: [ArraySlice<UInt8>] = []
        _ = try? socket.request(request.bytes, sequence: sequence) { message throws(SystemError) in
            payloads.append(Array(message.payload)[...])
        }
        return payloads
    }
}
