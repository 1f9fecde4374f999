/// What a client and relay of mail must do, each line with its source and the tests that show it by a running client against
/// a server that shows the case. `ChecklistTests` holds the names against the sources.
struct ChecklistLine: Sendable {
    /// `Target/Suite.test`.
    let tests: [String]
    let says: String
    let source: String
    /// What of the line belongs to the daemon and comes with it.
    let daemon: String?

    init(_ says: String, _ source: String, _ tests: [String], daemon: String? = nil) {
        self.says = says
        self.source = source
        self.tests = tests
        self.daemon = daemon
    }
}

enum Checklist {
    static let lines =
        connection + ehlo + tls + auth + envelope + pipelining + chunking + data + end + time + message + queue

    static let connection = [
        ChecklistLine(
            "Nothing is said before a whole 220; a refusing greeting gets QUIT and is for later",
            "RFC 5321 §3.1, §4.3.1",
            [
                "SMTPTests/ConductTests.nothingIsSaidBeforeTheWholeGreeting",
                "SMTPTests/SessionOpeningTests.aRefusingGreetingIsForLater",
                "CourierTests/BadServerTests.isReportedWithItsOwnWords",
            ]),
        ChecklistLine(
            "Replies of many lines, of codes alone, with LF alone, split and glued anyhow, and bounded",
            "RFC 5321 §4.2, §4.2.1, §4.5.3.1.5",
            [
                "SMTPTests/ConductTests.oddButLegalRepliesAreUnderstood",
                "SMTPTests/ConductTests.endlessOrMalformedRepliesEndTheSession",
                "SMTPTests/SessionOpeningTests.repliesAreReadAcrossAnySplit",
                "SMTPTests/ReplyParserTests.repliesAreTheSameInRandomSplits",
            ]),
        ChecklistLine(
            "The first digit decides; the whole code only where it has a meaning", "RFC 5321 §4.2.1, §4.3.2",
            ["SMTPTests/ConductTests.unknownCodesFollowTheirFirstDigit"]),
        ChecklistLine(
            "Words of a server are printable before they reach a log or a terminal", "design §13",
            [
                "SMTPTests/ConductTests.wordsOfAServerReachALogPrintable",
                "CourierTests/ReportTests.wordsOfAServerAreHarmlessInJSON",
            ]),
    ]

    static let ehlo = [
        ChecklistLine(
            "EHLO first; HELO after 500 or 502 alone, and only where neither TLS nor AUTH is wanted",
            "RFC 5321 §3.2, §4.1.4; RFC 8314 §3",
            [
                "SMTPTests/SessionOpeningTests.heloFollowsWhereNeitherTLSNorAuthIsNeeded",
                "SMTPTests/SessionOpeningTests.heloNeverFollowsWhereTLSOrAuthIsNeeded",
                "SMTPTests/SessionOpeningTests.aRefusedNameIsForTheOperator",
            ]),
        ChecklistLine(
            "The name is a full host name or an address literal, IPv6 with its tag, never localhost",
            "RFC 5321 §4.1.1.1, §4.1.3",
            [
                "SMTPTests/ConductTests.anAddressLiteralGreetsWhereThereIsNoName",
                "SMTPTests/GrammarTests.aClientNameIsAFullHostNameOrAnAddressLiteral",
            ]),
        ChecklistLine(
            "Keywords in any case, unknown ones without meaning, the old AUTH= too", "RFC 5321 §2.2.1, §4.1.1.1",
            [
                "SMTPTests/ConductTests.oddButLegalRepliesAreUnderstood",
                "SMTPTests/SessionOpeningTests.loginAnswersTwoPrompts",
                "SMTPTests/GrammarTests.keywordsAreReadInAnyCaseAndUnknownOnesMeanNothing",
            ]),
        ChecklistLine(
            "What a server offers is forgotten at STARTTLS and at a new connection", "RFC 3207 §4.2",
            [
                "SMTPTests/SessionOpeningTests.nothingLearntInClearOutlivesTheHandshake",
                "CourierTests/EnvelopeProgramTests.whatASessionHasNoRoomForGoesInAFurtherOne",
            ]),
    ]

    static let tls = [
        ChecklistLine(
            "TLS from the first octet at port 465, STARTTLS required at 587, never clear text", "RFC 8314 §3, §3.3",
            [
                "SettingsTests/ValuesTests.serversAreURLs", "CourierTests/DeliveryTests.startTLSIsTakenAndRequired",
                "SMTPTests/SessionOpeningTests.aServerWithoutSTARTTLSGetsNothing",
            ]),
        ChecklistLine(
            "STARTTLS ends its group, what follows its reply in clear ends all, and the handshake decides",
            "RFC 3207 §4, §4.1, §6",
            [
                "SMTPTests/SessionOpeningTests.surplusBehindTheReplyToSTARTTLSEndsAll",
                "CourierTests/EnvelopeProgramTests.aServerThatCannotBeVerifiedAfterSTARTTLSGetsNoLogin",
            ]),
        ChecklistLine(
            "The configured name is looked for in the SAN alone; a wildcard is the leftmost label",
            "RFC 7817 §3; RFC 9525 §6",
            [
                "TLSTests/CertificateTests.aCommonNameDoesNotCount",
                "TLSTests/CertificateTests.aWildcardIsOneLeftmostLabel",
                "TLSTests/CertificateTests.anAddressIsCheckedAsAnAddress",
                "CourierTests/BadServerTests.nothingIsSentBeforeTheCertificateIsVerified",
            ]),
        ChecklistLine(
            "An end without close_notify after the final reply is none; before it the outcome is unknown",
            "RFC 8446 §6.1; RFC 1047",
            [
                "SMTPTests/DeliveryTests.aLossAfterTheFinalReplyIsNoLoss",
                "SMTPTests/VerdictTests.aLinkLostAfterTheLastOctetIsPerhapsDelivered",
                "TLSTests/TLSStreamTests.anEndWithoutCloseNotifyIsAnEndThatShows",
                "CourierTests/BadServerTests.isReportedWithItsOwnWords",
            ]),
    ]

    static let auth = [
        ChecklistLine(
            "AUTH once, after EHLO over verified TLS, outside a transaction", "RFC 4954 §4",
            [
                "SMTPTests/SessionOpeningTests.credentialsNeverGoInClear",
                "SMTPTests/SessionOpeningTests.plainGoesInOneRoundTrip",
                "CourierTests/BadServerTests.nothingIsSentBeforeTheCertificateIsVerified",
            ]),
        ChecklistLine(
            "The first response goes with the command where the line has room; = is empty, * cancels",
            "RFC 4954 §4",
            [
                "SMTPTests/SessionOpeningTests.plainGoesInOneRoundTrip",
                "SMTPTests/SessionOpeningTests.aLongResponseWaitsForItsPrompt",
                "SMTPTests/AuthTests.aCertificateThatSaysItAllHasAnEmptyResponse",
                "SMTPTests/AuthTests.aChallengeThatPlainHasNoAnswerToIsCancelled",
            ]),
        ChecklistLine(
            "The order of mechanisms is a setting: the fewest round trips, or the strongest", "RFC 5802; RFC 7677",
            [
                "SMTPTests/AuthTests.theFewestRoundTripsArePLAIN",
                "SMTPTests/AuthTests.strongestPresentsTheCertificateFirst",
                "SMTPTests/SASLExchangeTests.theOrderIsThatOfThePreference",
            ]),
        ChecklistLine(
            "SCRAM binds to the channel, and never falls from -PLUS in silence", "RFC 9266; RFC 5802 §6",
            [
                "SMTPTests/AuthTests.strongestBindsToTheChannelAndNeverFallsBack",
                "SMTPTests/AuthTests.aServerThatTookItsOfferOfPlusBackIsTold",
                "TLSTests/TLSStreamTests.bothEndsHaveTheSameChannelBinding",
            ]),
        ChecklistLine(
            "454, 432 and 421 are for later, 535 is the password, 530, 534 and 538 the configuration; no second try",
            "RFC 4954 §6",
            [
                "SMTPTests/SessionOpeningTests.aRefusedLoginHasItsExitStatus",
                "CourierTests/EnvelopeProgramTests.aRefusedPasswordIsTriedOnce",
            ], daemon: "a refused password holds the queue and alarms"),
        ChecklistLine(
            "AUTH that is wanted and not offered is an error of its own", "RFC 4954 §3",
            ["SMTPTests/SessionOpeningTests.aLoginThatIsNotOfferedIsNeverSkipped"]),
        ChecklistLine(
            "No line of AUTH reaches a log", "design §13", ["SMTPTests/SessionOpeningTests.noEventHoldsTheSecret"]),
    ]

    static let envelope = [
        ChecklistLine(
            "MAIL and RCPT without a blank behind the colon, without routes, with parameters that are offered alone",
            "RFC 5321 §3.3, §4.1.1.2, §4.1.1.3",
            [
                "SMTPTests/DeliveryTests.withChunkingAllGoesInOneWrite",
                "SMTPTests/DeliveryTests.withoutPipeliningOneCommandGoesAtATime",
                "SMTPTests/GrammarTests.whatIsNoMailboxIsRefused",
            ]),
        ChecklistLine(
            "SIZE counts CR LF and no doubled dots, the server's limit is held before anything goes, 552 and 452 differ",
            "RFC 1870 §5, §6",
            [
                "SMTPTests/ConductTests.theSizeIsThatBeforeTransparency",
                "SMTPTests/DeliveryTests.aMessageBeyondTheServersLimitStaysHere",
                "SMTPTests/VerdictTests.aReplyToMailHasItsExitStatus",
                "CourierTests/MessageInputTests.aSizeThatTheServerRefusesIsNamedWithItsLimit",
            ]),
        ChecklistLine(
            "BODY=8BITMIME only for 8-bit text where it is offered; else the message becomes 7 bits, or says why not",
            "RFC 6152 §3",
            [
                "SMTPTests/DeliveryTests.eightBitTextIsAnnouncedOrEncodedOrStaysHere",
                "CourierTests/EnvelopeProgramTests.aReadyMessageIsRecodedForAServerThatTakesSevenBits",
                "MailTests/RecodingTests.whatRecodingWouldChangeIsRefusedWithItsReason",
            ]),
        ChecklistLine(
            "SMTPUTF8 only for a mailbox that needs it; that recipient alone fails where it is not offered",
            "RFC 6531 §3.4, §3.5",
            [
                "SMTPTests/DeliveryTests.anAddressThatTheServerCannotSayFailsAlone",
                "SMTPTests/DeliveryTests.aHeaderThatNeedsSMTPUTF8AsksForItOrStaysHere",
                "CourierTests/EnvelopeProgramTests.anAddressOutsideASCIIFailsAloneWithoutSMTPUTF8",
                "CourierTests/EnvelopeProgramTests.anAddressOutsideASCIIIsTakenWithSMTPUTF8",
            ]),
        ChecklistLine(
            "NOTIFY, RET and ENVID only where asked for and offered, ENVID as xtext", "RFC 3461 §4",
            [
                "SMTPTests/EnvelopeTests.noticesAreAskedForWhereTheServerOffersThem",
                "SMTPTests/EnvelopeTests.withoutDSNTheMessageGoesWithoutTheRequestAndThatIsSaid",
                "SMTPTests/EnvelopeTests.nothingIsAskedForUnlessTheSenderDoes",
                "CourierTests/EnvelopeProgramTests.noticesAreAskedForWhereTheyAreOffered",
            ]),
        ChecklistLine(
            "A verdict for each recipient; 452 splits, and LIMITS is kept",
            "RFC 5321 §4.5.3.1.10; RFC 9422 §4",
            [
                "SMTPTests/VerdictTests.eachRecipientHasItsOwnVerdict",
                "SMTPTests/EnvelopeTests.tooManyRecipientsMeansAFurtherTransactionForTheRest",
                "SMTPTests/EnvelopeTests.noMoreTransactionsThanMAILMAXAreBegun",
                "SMTPTests/EnvelopeTests.noMoreDomainsThanRCPTDOMAINMAXAreNamed",
                "CourierTests/EnvelopeProgramTests.tooManyRecipientsForATransactionGoInAFurtherOne",
                "CourierTests/EnvelopeProgramTests.eachRecipientIsReportedAndTheGravestVerdictIsTheStatus",
            ]),
        ChecklistLine(
            "A notice of our own has the null reverse-path", "RFC 5321 §4.5.5, §6.1",
            ["SMTPTests/DeliveryTests.theNullReversePathIsEmptyBrackets"],
            daemon: "notices, and that none answers a notice"),
    ]

    static let pipelining = [
        ChecklistLine(
            "EHLO, AUTH, STARTTLS, DATA and QUIT only at the end of a group", "RFC 2920 §3.1",
            [
                "SMTPTests/DeliveryTests.withPipeliningEnvelopeAndMessageAreAFlightEach",
                "SMTPTests/SessionOpeningTests.surplusBehindTheReplyToSTARTTLSEndsAll",
                "SMTPTests/DeliveryTests.withoutPipeliningOneCommandGoesAtATime",
            ]),
        ChecklistLine(
            "Replies are counted; 354 that nobody wants gets a lone dot; after a refused DATA no message goes",
            "RFC 2920 §3.1",
            [
                "SMTPTests/VerdictTests.aLoneDotAnswersA354ThatNobodyWants",
                "SMTPTests/VerdictTests.noMessageGoesWhenNobodyTakesIt",
                "SMTPTests/VerdictTests.aRefusedMessageIsTheVerdictOfWhoWasAccepted",
            ]),
        ChecklistLine(
            "The next group goes directly behind the message: QUIT, or the next envelope", "RFC 2920 §3.1",
            [
                "SMTPTests/DeliveryTests.withPipeliningEnvelopeAndMessageAreAFlightEach",
                "SMTPTests/GroupTests.withDATATheNextEnvelopeGoesBehindTheMessage",
                "SMTPTests/GroupTests.severalSmallMessagesGoInOneWriteWithRSETBetween",
            ]),
        ChecklistLine(
            "Replies are read while a large group is written", "RFC 2920 §3.1",
            ["SMTPTests/EnvelopeTests.repliesAreReadWhileALargeGroupIsWritten"]),
        ChecklistLine(
            "A server that cannot bear a group is remembered, and gets one command at a time", "RFC 2920 §3.1",
            [
                "SMTPTests/GroupTests.aServerThatLosesTheOrderIsAskedOneByOne",
                "SMTPTests/GroupTests.aServerThatClosesOnAGroupLeavesItForAnotherSession",
                "SMTPTests/GroupTests.anOrdinaryRefusalSaysNothingAboutGroups",
                "CourierTests/EnvelopeProgramTests.aServerThatCannotBearGroupsIsRemembered",
            ]),
    ]

    static let chunking = [
        ChecklistLine(
            "BDAT with the exact count, without doubled dots, in one group with its envelope; RSET after one that failed",
            "RFC 3030 §2, §3, §4.2",
            [
                "SMTPTests/DeliveryTests.withChunkingAllGoesInOneWrite",
                "SMTPTests/DeliveryTests.transparencyIsForDataAlone",
                "SMTPTests/DeliveryTests.severalMessagesShareASession",
                "SMTPTests/VerdictTests.aSmallRestIsSentToItsEndAndTheSessionLives",
            ]),
        ChecklistLine(
            "BDAT and DATA never in one transaction", "RFC 3030 §3",
            [
                "SMTPTests/DeliveryTests.chunkingWithoutPipeliningWaitsForEachReply",
                "SMTPTests/EnvelopeTests.theSecondTryOfAChunkAsksBeforeItSends",
            ]),
    ]

    static let data = [
        ChecklistLine(
            "Dots are doubled behind CR LF across any pieces, and the end adds no second CR LF", "RFC 5321 §4.5.2",
            [
                "SMTPTests/PairTests.everyMessageArrivesOctetForOctet",
                "SMTPTests/PairTests.aMessageWithoutItsLastLineEndGetsItByDataAndNotByChunk",
                "SMTPTests/TransparencyTests.randomTextComesBackInRandomSplits",
                "CourierTests/DeliveryTests.aHostileMessageArrivesOctetForOctet",
            ]),
        ChecklistLine(
            "No CR, LF or NUL alone on the wire", "RFC 5321 §2.3.8; RFC 5322 §2.3; RFC 3030",
            [
                "CourierTests/MessageInputTests.isRefusedInOneLineBeforeAnythingIsOpened",
                "CourierTests/MessageInputTests.whatCanBeMendedArrives",
                "MailTests/HeaderTests.noControlCharacterReachesAHeader",
            ]),
        ChecklistLine(
            "Lines of 998 octets at most; a part that has longer ones is encoded",
            "RFC 5321 §4.5.3.1.6; RFC 5322 §2.1.1",
            [
                "CourierTests/MessageInputTests.whatCanBeMendedArrives",
                "MailTests/MessageDraftTests.theEncodingWithTheFewestOctetsIsTaken",
                "MailTests/ReadyMessageTests.linesMayHave998OctetsAndNoMore",
            ]),
        ChecklistLine(
            "The final reply decides: accepted, later, refused; no reply is unknown", "RFC 5321 §4.2.5; RFC 1047",
            [
                "SMTPTests/VerdictTests.aRefusedMessageIsTheVerdictOfWhoWasAccepted",
                "SMTPTests/VerdictTests.anAnswerThatDoesNotComeIsPerhapsDelivered",
                "SMTPTests/PairTests.aLostLinkIsNeverHidden",
                "CourierTests/BadServerTests.isReportedWithItsOwnWords",
            ]),
    ]

    static let end = [
        ChecklistLine(
            "QUIT is said and hardly waited for; a loss after the final reply is none", "RFC 5321 §4.1.1.10",
            [
                "SMTPTests/DeliveryTests.theReplyToQuitIsNotWaitedFor",
                "SMTPTests/DeliveryTests.aLossAfterTheFinalReplyIsNoLoss",
            ]),
        ChecklistLine(
            "421 in place of any reply, and unasked: the session ends, what is undecided is for later",
            "RFC 5321 §3.8, §4.2.2",
            [
                "SMTPTests/ConductTests.everyReplyMayBe421",
                "SMTPTests/VerdictTests.aServerThatClosesBeforeTheMessageHasNotTakenIt",
                "SMTPTests/VerdictTests.theLastWordsOfAServerAnswerWhatIsUndecided",
            ]),
        ChecklistLine(
            "RSET only where something may be open; its reply decides nothing but by 421", "RFC 5321 §4.1.1.5",
            [
                "SMTPTests/ConductTests.theReplyToRSETDecidesNothingBut421",
                "SMTPTests/DeliveryTests.severalMessagesShareASession",
            ]),
    ]

    static let time = [
        ChecklistLine(
            "The standard's limits at least, each to be set, put off by progress, and one for the whole",
            "RFC 5321 §4.5.3.2",
            [
                "SMTPTests/ConductTests.theLimitsAreAtLeastTheStandards",
                "SMTPTests/ConductTests.progressPutsALimitOff",
                "SMTPTests/SessionOpeningTests.aSilentServerIsGivenUp",
                "SMTPTests/VerdictTests.aStuckUploadIsGivenUpForLater",
                "SettingsTests/SettingsTests.theLimitsOfSMTPAreTheStandardsUntilTheOwnerSetsThem",
            ]),
        ChecklistLine(
            "A bearer that is dead ends a wait at once", "RFC 5321 §4.5.3.2",
            [
                "SMTPTests/VerdictTests.aLinkLostBeforeTheLastOctetIsForLater",
                "CourierTests/TroubleTests.aLossInEachPhaseClosesEverythingAndTheNextMailLeaves",
            ]),
        ChecklistLine(
            "The lost final reply: the same octets and Message-ID each time, the longest wait, a result of its own",
            "RFC 1047; RFC 5321 §6.1, §4.5.3.2.6",
            [
                "MailTests/MessageDraftTests.aSecondPassGivesTheSameOctets",
                "SMTPTests/VerdictTests.anAnswerThatDoesNotComeIsPerhapsDelivered",
                "SMTPTests/GroupTests.aLinkLostWithinAFlightLeavesEveryUnansweredMessageInDoubt",
                "CourierTests/ReportTests.aReasonIsSaidUnlessAllWasSent",
            ], daemon: "the record on disk before the last octet, the full back-off step, at least or at most once"),
    ]

    static let message = [
        ChecklistLine(
            "One Date and From; a Message-ID is added, and never names the local host",
            "RFC 5322 §3.6; RFC 6409 §8.1 to §8.3",
            [
                "MailTests/HeaderTests.anAlertHasTheFieldsThatServersAskFor",
                "MailTests/HeaderTests.theMessageIDNeverNamesTheLocalHost",
                "MailTests/ReadyMessageTests.whatIsMissingIsAdded",
                "MailTests/ReadyMessageTests.aBrokenMessageIsRefusedByLine",
            ], daemon: "assigned when a message is accepted"),
        ChecklistLine(
            "Dates have a numeric zone; there is none while the clock is not to be believed", "RFC 5322 §3.3",
            ["MailTests/HeaderTests.datesAreGregorian", "MailTests/HeaderTests.noDateIsBetterThanAWrongOne"],
            daemon: "filled in when the message is sent"),
        ChecklistLine(
            "Bcc goes; a group stands in where no destination is left", "RFC 5322 §3.6.3",
            [
                "MailTests/ReadyMessageTests.bccIsRemovedWithItsFoldedLines",
                "MailTests/HeaderTests.withoutRecipientsTheGroupStandsIn",
                "CourierTests/MessageInputTests.whatCanBeMendedArrives",
            ]),
        ChecklistLine(
            "An mbox line, a byte order mark and blank lines before the header are cleaned away", "RFC 4155",
            [
                "MailTests/ReadyMessageTests.marksBlankLinesAndMboxLinesBeforeTheHeaderGo",
                "CourierTests/MessageInputTests.whatCanBeMendedArrives",
            ]),
        ChecklistLine(
            "Header lines are folded at 78, encoded words have 75 characters and split none",
            "RFC 5322 §2.1.1; RFC 2047 §2, §5; RFC 2231",
            [
                "MailTests/HeaderTests.longRecipientListsAreFolded",
                "MailTests/HeaderTests.randomSubjectsAndNamesArriveAsTheyWere",
                "MailTests/MessageDraftTests.everyShapeReadsAsItWasMeant",
            ]),
        ChecklistLine(
            "What is no UTF-8 is not called so", "RFC 1428 §3; RFC 2046 §4.1.2",
            [
                "MailTests/MessageDraftTests.whatIsNoUTF8IsNotCalledSo",
                "MailTests/ReadyMessageTests.an8BitBodyThatIsNotUTF8IsNotLabelled",
                "MailTests/RecodingTests.anUnlabelledTextIsLabelledAsItWasFound",
            ]),
        ChecklistLine(
            "Alerts say that they are generated", "RFC 3834 §5.1",
            ["MailTests/HeaderTests.anAlertHasTheFieldsThatServersAskFor"],
            daemon: "the guard against loops, by a count of Received (RFC 5321 §6.3)"),
    ]

    static let queue = [
        ChecklistLine(
            "When a message is tried again: a bearer that came up, then a growing pause with jitter",
            "RFC 5321 §4.5.4.1", ["CourierTests/RepetitionTests.waitingRepeatsUntilTheServerIsThere"],
            daemon: "the queue"),
        ChecklistLine(
            "250 only after file and folder are on disk; a full disk is 452 and EX_TEMPFAIL", "RFC 5321 §6.1", [],
            daemon: "the queue and its listener"),
    ]
}
