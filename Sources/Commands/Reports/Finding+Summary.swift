internal import Auditing

extension Finding.Identifier {
    /// The kind in one sentence, for programs that show a list of rules.
    var summary: String {
        switch self {
        case .rulesetDrift: "The live table is not what was applied."
        case .notApplied: "The policy was edited since it was applied, or cannot be used."
        case .foreignOverride: "Another table drops what the policy allows, or redirects a port around it."
        case .foreignBypass: "Another table or a program lets packets bypass the ruleset."
        case .undeclaredListener: "A socket listens beyond loopback on a port that no service lists."
        case .undeclaredPublishedPort: "Another table publishes a port that no service lists."
        case .silencedProtocol: "A raw socket waits for a protocol without ports that no service lists."
        case .routedContainer: "Other hosts reach containers by their own addresses."
        case .missingListener: "A service is open and nothing listens."
        case .wrongProcess: "Another process listens on the port of a service."
        case .wrongUnit: "Another systemd unit listens on the port of a service."
        case .wrongUser: "Another user listens on the port of a service."
        case .loopbackOnly: "A service is open to other hosts, and its listener is bound to loopback only."
        case .wrongFamily: "A service is open to an address family on which nothing listens."
        case .sharedPort: "Unrelated processes share one port."
        case .ephemeralPort: "The kernel may give the port of a service to any client on this host."
        case .staleSession: "An established session would be refused today."
        case .limitFull: "The table of a limit is full: new sources share one allowance."
        case .localPorts: "Few local ports are left for connections of this host to one destination."
        case .expired: "An entry of the policy has expired."
        case .expiresSoon: "An entry of the policy expires soon."
        case .reviewDue: "The review of an entry of the policy is due."
        case .unusedService: "No client has connected to a service for a long time."
        case .unknownInterface: "The policy names an interface that the host does not have."
        case .forwardingOff: "Forwarded packets go nowhere: forwarding is off, or a target has no route."
        case .deniesHost: "The deny list covers an address of the host, its gateways or its resolvers."
        case .nameStale: "A DNS name in the policy has not been renewed for longer than allowed."
        case .listOutOfBounds: "A list is missing, invalid or out of its bounds: the last good one is in force."
        case .unreachableListener: "A change would close a port that has a listener."
        case .unreachablePublishedPort: "A change would close a port that another table publishes."
        case .unreachableDestination: "A change would refuse connections that this host begins."
        case .unknown: "Something could not be read or understood."
        }
    }
}
