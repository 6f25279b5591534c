import Addressing
import Listeners

/// The interfaces and routes of a host whose kernel lists none of them.
final class UnreadNetwork: HostNetwork {
    let interfaces: [HostInterface]? = nil
    let reached: [UInt32: AddressSet]? = nil
    let gateways: Set<IPAddress>? = nil
    let broadcasts: Set<IPAddress>? = nil
    let neighbours: [UInt32: [IPAddress]]? = nil
    let fault: String? = "cannot read the routes of this host: it changed during each of 8 attempts"

    func forwards(_: AddressFamily) -> Bool? { nil }

    func addresses(on _: UInt32) -> AddressSet? { nil }

    func networks(on _: UInt32) -> AddressSet? { nil }

    func routesLoopback(_: String) -> Bool? { nil }

    func selectors(_: AddressFamily) -> RouteSelectors? { nil }

    func answer(_: RouteQuestion) -> RouteAnswer { .unknown }
}
