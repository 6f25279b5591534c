/// Which packets of a connection are evaluated.
enum ExchangePhase {
    /// The first one, which opens it.
    case first
    /// The first reply to it; of TCP the packet with SYN and ACK.
    case reply
    /// A reply after that; of TCP one without SYN.
    case laterReply
    /// Another packet of the client, once there was a reply; of TCP one without SYN.
    case later
}
