import { registry } from "@web/core/registry";
import { RadioField, radioField } from "@web/views/fields/radio/radio_field";

/** The choices of a selection that another field of the record allows, by their keys. */
export class AllowedRadioField extends RadioField {
    static props = {
        ...RadioField.props,
        allowed: { type: String, optional: true },
    };

    get items() {
        const allowed = this.props.record.data[this.props.allowed] || [];
        return super.items.filter(([key]) => allowed.includes(key) || key === this.value);
    }
}

export const allowedRadioField = {
    ...radioField,
    component: AllowedRadioField,
    supportedTypes: ["selection"],
    extractProps(fieldInfo, dynamicInfo) {
        return {
            ...radioField.extractProps(fieldInfo, dynamicInfo),
            allowed: fieldInfo.options.allowed,
        };
    },
};

registry.category("fields").add("oms_allowed_radio", allowedRadioField);
