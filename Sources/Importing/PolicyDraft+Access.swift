internal import Addressing
internal import Reachability
internal import Rulesets

extension PolicyDraft {
    /// The policy with the access of these regions.
    ///
    /// - Parameters:
    ///   - regions: the access through all tables.
    ///   - tables: the tables.
    ///   - circumstances: those of the regions.
    ///   - interfaces: the interfaces that the host has, or that a rule names, as a policy writes them.
    ///   - translation: the translations that become lines.
    ///   - leaving: the lines for connections of this host.
    ///   - lists: the lists of `recent` that rules fill.
    init(
        _ regions: AccessRegions, of tables: [Table], in circumstances: Circumstances, interfaces: Set<String>,
        _ translation: TranslationPlan, _ leaving: OutboundPlan, _ lists: FilledLists
    ) {
        let survey = AccessSurvey(regions, tables, circumstances, interfaces, translation.forwards, lists)
        groups = LiveGroup.all(in: tables)
        denied = survey.denied
        trusted = survey.trusted
        ping = survey.ping
        lostPings = survey.lostPings
        let echoLimits = survey.echoLimits
        pingLimit = echoLimits.common
        echoDifferences = echoLimits.differences(from: pingLimit)
        let refusals = RefusalSurvey(survey)
        (rejects, log) = (refusals.rejects, refusals.log)
        remarks = refusals.remarks + translation.remarks
        services = survey.services + survey.forwards
        addGroups(tables, circumstances, interfaces, lists)
        masquerades = translation.masquerades
        kept = translation.kept.map(\.text)
        gone = translation.gone.map(\.text)
        outbound = leaving.lines
        refusesOutbound = !leaving.chains.isEmpty
        undecided = survey.undecided
        doubts = Set(survey.doubts + leaving.doubts).sorted()
        remarks +=
            LaterInterfaces(self, survey).sentences
            + trusted.compactMap(\.unfilteredFamily).map {
                "No rule filters \($0.title): this policy lets all of it in."
            }
    }
}
