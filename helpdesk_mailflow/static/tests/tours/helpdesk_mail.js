/** Steps that several tours take. */

/**
 * From the apps to a menu of Helpdesk.
 *
 * @param {String} section the menu in the bar
 * @param {String} menu an entry of it
 */
export function openHelpdeskMenu(section, menu) {
    return [
        {
            content: "Open the apps",
            trigger: ".o_navbar_apps_menu button",
            run: "click",
        },
        {
            content: "Open Helpdesk",
            trigger: ".o_app[data-menu-xmlid='helpdesk_mgmt.helpdesk_ticket_main_menu']",
            run: "click",
        },
        {
            content: `Open the section ${section}`,
            trigger: `.o_menu_sections [data-menu-xmlid='${section}']`,
            run: "click",
        },
        {
            content: `Open ${menu}`,
            trigger: `.o-dropdown--menu [data-menu-xmlid='${menu}']`,
            run: "click",
        },
    ];
}

/**
 * A button that asks first.
 *
 * @param {String} trigger the button
 * @param {String} question what stands in the dialog
 * @param {String} answer the label of the button that goes on
 */
export function clickAndConfirm(trigger, question, answer) {
    return [
        { content: `Click ${trigger}`, trigger, run: "click" },
        {
            content: `It asks: ${question}`,
            trigger: `.modal .modal-body:contains('${question}')`,
        },
        {
            content: `Answer: ${answer}`,
            trigger: `.modal .modal-footer .btn-primary:contains('${answer}')`,
            run: "click",
        },
        { content: "The question is gone", trigger: "body:not(:has(.modal))" },
    ];
}
