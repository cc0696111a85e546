"""The hint slugs of discovery and what each one tells a person."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.language import Text

__all__ = ["HINTS", "PROVIDER_HINTS"]

#: Slugs a provider's entry may carry.
PROVIDER_HINTS: Mapping[str, Text] = {
    "app_password": Text(
        "Das gewohnte Passwort wird abgelehnt: Es braucht ein App-Passwort, das in der Kontoverwaltung erzeugt wird.",
        "The usual password is refused: an app password, made in the account settings, is needed.",
    ),
    "app_password_if_2fa": Text(
        "Ist die Zwei-Faktor-Anmeldung eingeschaltet, braucht es ein App-Passwort.",
        "Where two-factor sign-in is on, an app password is needed.",
    ),
    "enable_imap": Text(
        "Der Abruf über IMAP muss zuerst in den Einstellungen des Postfachs erlaubt werden.",
        "Access over IMAP has to be allowed in the mailbox settings first.",
    ),
    "enable_smtp": Text(
        "Auch der Versand über SMTP muss in den Einstellungen erlaubt werden.",
        "Sending over SMTP has to be allowed in the settings as well.",
    ),
    "oauth2": Text(
        "Der Anbieter bietet die Anmeldung über sein eigenes Anmeldefenster (OAuth 2.0) an.",
        "The provider offers sign-in through its own window (OAuth 2.0).",
    ),
    "oauth2_only": Text(
        "Eine Anmeldung mit Passwort ist abgeschaltet; es bleibt nur das Anmeldefenster des Anbieters (OAuth 2.0).",
        "Signing in with a password is switched off; only the provider's own window (OAuth 2.0) remains.",
    ),
    "separate_mail_password": Text(
        "Für E-Mail-Programme gilt ein eigenes Passwort, nicht das der Webseite oder des Kundenkontos.",
        "Mail programs use a password of their own, not the one of the web site or customer account.",
    ),
    "mailbox_password_not_account": Text(
        "Gemeint ist das Passwort des Postfachs, nicht das des Kundenkontos beim Anbieter.",
        "What is wanted is the mailbox's password, not that of the customer account.",
    ),
    "premium_only": Text(
        "IMAP gehört nur zu kostenpflichtigen Tarifen.",
        "IMAP belongs to paid plans only.",
    ),
    "admin_may_block_imap": Text(
        "Die Verwaltung der Organisation kann IMAP oder SMTP für einzelne Postfächer sperren.",
        "The organisation's administrator can block IMAP or SMTP for single mailboxes.",
    ),
    "exchange_username_forms": Text(
        "Der Benutzername kann die Adresse, DOMÄNE\\Name oder der Anmeldename (UPN) sein.",
        "The user name may be the address, DOMAIN\\name or the sign-in name (UPN).",
    ),
    "imap_often_disabled": Text(
        "Auf Exchange-Servern ist IMAP oft abgeschaltet; die IT muss den Dienst einschalten.",
        "On Exchange servers IMAP is often off; the IT department has to switch the service on.",
    ),
    "login_is_main_address": Text(
        "Anmeldename ist die Hauptadresse des Postfachs, nicht die Alias-Adresse.",
        "The login name is the mailbox's main address, not an alias.",
    ),
    "login_is_not_the_address": Text(
        "Der Anmeldename ist nicht die E-Mail-Adresse; er steht in den Unterlagen des Anbieters.",
        "The login name is not the e-mail address; it is in the provider's papers.",
    ),
    "login_is_local_part": Text(
        "Anmeldename ist der Teil vor dem @; wird er abgelehnt, die ganze Adresse versuchen.",
        "The login name is the part before the @; if refused, try the whole address.",
    ),
    "bridge_required": Text(
        "Es braucht ein Zusatzprogramm des Anbieters auf dem Rechner des Kunden; ein Server kann es nicht erreichen.",
        "An extra program of the provider on the customer's computer is needed; a server cannot reach it.",
    ),
    "no_imap": Text("Der Anbieter bietet kein IMAP an.", "The provider offers no IMAP."),
    "service_closed": Text("Der Dienst ist eingestellt.", "The service is closed."),
    "bea_is_not_email": Text(
        "Das beA ist kein E-Mail-Postfach und hat kein IMAP.",
        "The beA is not an e-mail mailbox and has no IMAP.",
    ),
    "de_mail_is_not_email": Text(
        "De-Mail ist keine gewöhnliche E-Mail und hat kein IMAP.",
        "De-Mail is not ordinary e-mail and has no IMAP.",
    ),
    "mail_filter": Text(
        "Der Mailempfang läuft über einen Filterdienst; das Postfach selbst liegt anderswo.",
        "Incoming mail passes a filtering service; the mailbox itself is elsewhere.",
    ),
    "forwarding_only": Text(
        "Dieser Dienst leitet nur weiter; das Postfach selbst liegt anderswo.",
        "This service only forwards; the mailbox itself is elsewhere.",
    ),
    "server_per_contract": Text(
        "Der Server hängt vom Vertrag ab und steht im Kundenkonto des Anbieters.",
        "The server depends on the contract and is shown in the provider's customer area.",
    ),
    "spam_goes_to_unknown": Text(
        "Mails unbekannter Absender landen im Ordner „Unbekannt“ statt im Posteingang.",
        "Mail from unknown senders goes to the folder “Unbekannt” instead of the inbox.",
    ),
    "few_connections": Text(
        "Der Anbieter erlaubt nur wenige gleichzeitige Verbindungen.",
        "The provider allows only few connections at once.",
    ),
}

#: Every slug discovery may answer with.
HINTS: Mapping[str, Text] = {
    **PROVIDER_HINTS,
    "not_an_address": Text("Das ist keine E-Mail-Adresse.", "This is not an e-mail address."),
    "no_public_domain": Text(
        "Hinter dem @ steht kein Name, der im Internet erreichbar ist.",
        "What follows the @ is not a name that can be reached on the internet.",
    ),
    "several_addresses": Text(
        "Es sind mehrere Adressen eingegeben; bitte nur eine.",
        "Several addresses were entered; please enter one.",
    ),
    "non_ascii_local_part": Text(
        "Vor dem @ stehen Umlaute oder Sonderzeichen, die kaum ein Anbieter annimmt; gemeint ist wohl die Schreibweise mit ae, oe, ue.",
        "There are umlauts or special letters before the @ that hardly any provider accepts; the spelling with ae, oe, ue is probably meant.",
    ),
    "invalid_domain_name": Text(
        "Der Name hinter dem @ ist kein gültiger Domainname.",
        "The name after the @ is not a valid domain name.",
    ),
    "look_alike_letters": Text(
        "Die Adresse enthält Buchstaben einer anderen Schrift, die nur so aussehen wie lateinische.",
        "The address contains letters of another script that merely look Latin.",
    ),
    "no_imap_announced": Text(
        "Die Domain gibt im DNS bekannt, dass sie kein IMAP anbietet.",
        "The domain announces in the DNS that it offers no IMAP.",
    ),
    "insecure_settings": Text(
        "Die veröffentlichten Einstellungen sind unverschlüsselt und werden deshalb nicht verwendet.",
        "The published settings are unencrypted and therefore not used.",
    ),
    "server_outside_domain": Text(
        "Der angegebene Server gehört zu einer anderen Domain; bitte vor der Anmeldung prüfen.",
        "The server named belongs to another domain; please check it before logging in.",
    ),
    "dns_failed": Text(
        "Die Namensauflösung hat nicht geantwortet; das heißt nicht, dass es die Domain nicht gibt.",
        "Name resolution did not answer; that does not mean the domain does not exist.",
    ),
    "does_not_accept_mail": Text(
        "Die Domain nimmt keine E-Mails an.",
        "The domain does not accept mail.",
    ),
}
